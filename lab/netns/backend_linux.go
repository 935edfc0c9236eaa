package netns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"wirelab/lab"
)

// Check implements lab.Backend: it makes a small lab and takes it down, since
// a system may refuse at any step of it.
func (b Backend) Check(ctx context.Context) error {
	n, err := b.up(ctx, lab.Topology{Hosts: []string{lab.SnifferHost}}, "/proc/self/exe")
	if err != nil {
		return err
	}
	return n.Close()
}

// Up implements lab.Backend.
func (b Backend) Up(ctx context.Context, t lab.Topology) (lab.Network, error) {
	program, err := lab.Program(ctx)
	if err != nil {
		return nil, err
	}
	n, err := b.up(ctx, t, program)
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (Backend) up(ctx context.Context, t lab.Topology, program string) (*network, error) {
	n, err := startProcess(true, t, program)
	// Root may be refused a user namespace and not need one.
	if err != nil && os.Geteuid() == 0 {
		if n2, err2 := startProcess(false, t, program); err2 == nil {
			n, err = n2, nil
		}
	}
	if err != nil {
		return nil, explain(err)
	}
	stop := context.AfterFunc(ctx, func() { n.control.Close() }) // and the lab process ends
	go func() {
		<-n.ended
		stop()
	}()
	return n, nil
}

// network is a lab process as its caller sees it.
type network struct {
	process *exec.Cmd
	control *net.UnixConn
	mu      sync.Mutex // of control's writes
	hosts   map[string]*remoteHost

	ended chan struct{} // closed when the lab process is gone
}

func startProcess(userNamespace bool, t lab.Topology, program string) (*network, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args[0] = "wirelab-lab"
	cmd.Env = append(os.Environ(), processVariable+"=1")
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{theirs} // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWNS,
		Setsid:     true, // a Ctrl-C is the caller's to handle
	}
	if userNamespace {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	if err := onOneCPU(cmd.Start); err != nil {
		ours.Close()
		return nil, err
	}
	n := &network{process: cmd, control: ours, hosts: map[string]*remoteHost{}, ended: make(chan struct{})}
	go func() {
		cmd.Wait()
		close(n.ended)
	}()
	answer, err := n.call(request{Op: "up", Topology: t, Program: program})
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	for _, info := range answer.Hosts {
		h := &remoteHost{network: n, name: info.Name}
		if h.prefix, err = netip.ParsePrefix(info.Prefix); err == nil {
			h.mac, err = net.ParseMAC(info.MAC)
		}
		if err != nil {
			return nil, errors.Join(err, n.Close())
		}
		n.hosts[h.name] = h
	}
	return n, nil
}

// onOneCPU starts the lab process on one CPU, and so all that it starts:
// across two, frames of one connection can be captured in another order than
// they were sent. Labs of one machine spread over its CPUs.
func onOneCPU(start func() error) error {
	return onOwnThread(func() error {
		var allowed, one unix.CPUSet
		if err := unix.SchedGetaffinity(0, &allowed); err != nil {
			return fmt.Errorf("read CPU affinity: %w", err)
		}
		nth := rand.IntN(max(1, allowed.Count()))
		for cpu := range 64 * len(allowed) {
			if allowed.IsSet(cpu) {
				if nth == 0 {
					one.Set(cpu)
					break
				}
				nth--
			}
		}
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			return fmt.Errorf("set CPU affinity: %w", err)
		}
		return start()
	})
}

// socketPair returns two ends of a SOCK_SEQPACKET socket: ours, and a file for
// another process.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socket pair: %w", err)
	}
	ourFile, theirs := os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control")
	defer ourFile.Close()
	conn, err := net.FileConn(ourFile)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}

// connect hands the lab process a socket for one request.
func (n *network) connect() (*net.UnixConn, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	if err := n.handOver(theirs); err != nil {
		ours.Close()
		return nil, err
	}
	return ours, nil
}

func (n *network) handOver(socket *os.File) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := send(n.control, struct{}{}, socket); err != nil {
		return fmt.Errorf("the lab process has ended: %w", err)
	}
	return nil
}

func (n *network) call(r request) (reply, error) {
	c, err := n.connect()
	if err != nil {
		return reply{}, err
	}
	defer c.Close()
	return call(c, r)
}

// Host implements lab.Network.
func (n *network) Host(name string) lab.Host {
	if h := n.hosts[name]; h != nil {
		return h
	}
	return nil
}

// SetMode implements lab.Network.
func (n *network) SetMode(ctx context.Context, mode lab.Mode, learn func(context.Context) error) error {
	if _, err := n.call(request{Op: "mode", Mode: mode}); err != nil {
		return err
	}
	if mode != lab.Switch {
		return nil
	}
	if err := learn(ctx); err != nil {
		return err
	}
	_, err := n.call(request{Op: "learnt"})
	return err
}

// closeTimeout bounds the wait for the lab process after its socket is closed;
// then it is killed.
const closeTimeout = 5 * time.Second

// Close implements lab.Network. The kernel ends every process of the lab with
// the lab process, and frees the namespaces with their last process.
func (n *network) Close() error {
	n.control.Close()
	select {
	case <-n.ended:
	case <-time.After(closeTimeout):
		n.process.Process.Kill()
		<-n.ended
	}
	return nil
}

// remoteHost is a host of the lab process.
type remoteHost struct {
	network *network
	name    string
	prefix  netip.Prefix
	mac     net.HardwareAddr
}

// Name implements lab.Host.
func (h *remoteHost) Name() string { return h.name }

// Addr implements lab.Host.
func (h *remoteHost) Addr() (netip.Prefix, net.HardwareAddr) { return h.prefix, h.mac }

// FreshARP implements lab.Host.
func (h *remoteHost) FreshARP(context.Context) error {
	_, err := h.network.call(request{Op: "fresh", Host: h.name})
	return err
}

// Exec implements lab.Host.
func (h *remoteHost) Exec(ctx context.Context, cmd lab.Cmd) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	streams, err := openStreams(cmd)
	if err != nil {
		return 0, err
	}
	defer streams.close()
	c, err := h.network.connect()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	dir, err := os.Getwd()
	if err != nil {
		dir = "/"
	}
	r := request{Op: "exec", Host: h.name, Args: cmd.Args, Env: append(os.Environ(), cmd.Env...), Dir: dir}
	if _, err := call(c, r, streams.theirs[:]...); err != nil {
		return 0, err
	}
	streams.begin(cmd)
	// The end of the socket kills the command.
	stop := context.AfterFunc(ctx, func() { c.CloseWrite() })
	defer stop()
	var answer reply
	if _, err := receive(c, &answer); err != nil {
		if errors.Is(err, io.EOF) {
			err = errEnded
		}
		return 0, errors.Join(ctx.Err(), err)
	}
	streams.drain()
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case answer.Error != "":
		return 0, &remoteError{answer}
	}
	return answer.Exit, nil
}

// streams are the pipes between a command on a host and a lab.Cmd.
type streams struct {
	theirs [3]*os.File
	ours   [3]*os.File
	copies sync.WaitGroup // of stdout and stderr
}

func openStreams(cmd lab.Cmd) (*streams, error) {
	s := &streams{}
	for i := range s.theirs {
		used := i == 0 && cmd.Stdin != nil || i == 1 && cmd.Stdout != nil || i == 2 && cmd.Stderr != nil
		var err error
		switch {
		case !used:
			s.theirs[i], err = os.OpenFile(os.DevNull, os.O_RDWR, 0)
		case i == 0:
			s.theirs[i], s.ours[i], err = os.Pipe()
		default:
			s.ours[i], s.theirs[i], err = os.Pipe()
		}
		if err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// begin copies between the pipes and the command's readers and writers. The
// reader may block for as long as it likes: nobody waits for its copy, and
// writing to a command that has ended fails.
func (s *streams) begin(cmd lab.Cmd) {
	closeAll(s.theirs[:])
	if in := s.ours[0]; in != nil {
		go func() {
			io.Copy(in, cmd.Stdin)
			in.Close()
		}()
	}
	for i, w := range []io.Writer{nil, cmd.Stdout, cmd.Stderr} {
		if from := s.ours[i]; from != nil && i > 0 {
			s.copies.Go(func() { io.Copy(w, from) })
		}
	}
}

// drainTimeout bounds the wait for output after a command has ended: something
// that it left running may hold the pipe open.
const drainTimeout = 2 * time.Second

func (s *streams) drain() {
	for _, f := range s.ours[1:] {
		if f != nil {
			f.SetReadDeadline(time.Now().Add(drainTimeout))
		}
	}
	s.copies.Wait()
}

func (s *streams) close() {
	for i := range s.ours {
		if s.theirs[i] != nil {
			s.theirs[i].Close()
		}
		if s.ours[i] != nil {
			s.ours[i].Close()
		}
	}
}
