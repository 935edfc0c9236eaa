package segment

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/safchain/ethtool"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// OffloadFeatures are the features that make frames on a virtual wire differ
// from those on a real one: segments above the MTU, checksums not yet filled
// in. Names as in ethtool -k; a device may lack some.
var OffloadFeatures = []string{
	"tx-checksum-ip-generic", "tx-checksum-ipv4", "tx-checksum-ipv6",
	"tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation",
	"tx-generic-segmentation", "rx-gro",
}

// Offloads switches offloads off and remembers what was on.
type Offloads struct {
	tool *ethtool.Ethtool
	was  map[int]port // by interface index
}

type port struct {
	name string
	on   map[string]bool
}

// OpenOffloads opens ethtool's socket; Close it.
func OpenOffloads() (*Offloads, error) {
	tool, err := ethtool.NewEthtool()
	if err != nil {
		return nil, fmt.Errorf("open ethtool's socket: %w", err)
	}
	return &Offloads{tool, map[int]port{}}, nil
}

// Close closes the socket and changes nothing.
func (o *Offloads) Close() { o.tool.Close() }

// Off switches the offloads of an interface off. One that has just gone is no
// error.
func (o *Offloads) Off(link *netlink.LinkAttrs) error {
	features, err := o.tool.Features(link.Name)
	on, off := map[string]bool{}, map[string]bool{}
	if err == nil {
		for _, name := range OffloadFeatures {
			if features[name] {
				on[name], off[name] = true, false
			}
		}
		if len(off) == 0 {
			return nil
		}
		if _, known := o.was[link.Index]; !known {
			o.was[link.Index] = port{link.Name, on}
		}
		err = o.tool.Change(link.Name, off)
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("switch offloads of %s off: %w", link.Name, err)
	}
	return nil
}

// Restore switches on again what was on, where the interface is still there.
func (o *Offloads) Restore() error {
	var all error
	for index, p := range o.was {
		l, err := netlink.LinkByIndex(index)
		if err != nil || l.Attrs().Name != p.name {
			continue // gone, moved to a container, or another one by now
		}
		if err := o.tool.Change(p.name, p.on); err != nil && !gone(err) {
			all = errors.Join(all, fmt.Errorf("switch offloads of %s on again: %w", p.name, err))
		}
	}
	return all
}

// OffloadsOff switches the offloads of an interface off that nobody wants back, such as a
// lab's own. It takes four small system calls; by the features' names, which Offloads
// needs, it would take megabytes.
func OffloadsOff(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open ethtool's socket: %w", err)
	}
	defer unix.Close(fd)
	// linux/ethtool.h: ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, each with
	// a value of 0. Together they are OffloadFeatures.
	for _, command := range []uint32{0x17, 0x1f, 0x24, 0x2c} {
		value := struct{ command, data uint32 }{command: command}
		request := struct { // ifreq, netdevice(7)
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&value)}
		copy(request.name[:unix.IFNAMSIZ-1], name)
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
		if errno != 0 && errno != unix.EOPNOTSUPP { // one that the device cannot change
			return fmt.Errorf("switch offloads of %s off: %w", name, errno)
		}
	}
	return nil
}

func gone(err error) bool { return errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO) }
