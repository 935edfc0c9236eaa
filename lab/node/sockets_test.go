package node

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Rows of a real kernel (6.18, amd64).
const tcpTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 00000000:1B58 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5361 1 0000000000000000 100 0 0 10 0                      
   1: 0B00000A:A8CA 0A00000A:1B58 08 00000005:00000000 01:00000014 00000000  1000        0 5363 2 0000000000000000 20 4 30 10 -1                     
   2: 0A00000A:1B58 0B00000A:A8CA 01 00000000:00000011 00:00000000 00000000     0        0 5364 1 0000000000000000 20 4 24 10 -1                     
   3: 0A00000A:1B58 0C00000A:A8CC 06 00000000:00000000 03:00001764 00000000     0        0 0 3 0000000000000000                                      
   4: 0A00000A:1B58 0D00000A:0001 01 00000000:00000000 00:00000000 00000000     0        0 5365 1 0000000000000000 20 4 24 10 -1                     
   5: 00000000:1B5A 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 5366 1 0000000000000000 100 0 0 10 0                      
`

const tcp6Table = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1B58 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7081 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000A00000A:1B58 0000000000000000FFFF00000B00000A:A8CA 02 00000001:00000000 00:00000000 00000000     0        0 7082 1 0000000000000000 20 0 0 10 -1
   2: 00000000000000000000000001000000:1B58 000080FE00000000FF005450B6FEA5F0:0016 04 00000000:00000000 00:00000000 00000000     0        0 7083 1 0000000000000000 20 0 0 10 -1
`

const udpTable = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             
  345: 00000000:1B59 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 5362 2 0000000000000000 0         
  346: 0B00000A:D431 0A00000A:1B59 01 00000000:00000300 00:00000000 00000000     0        0 5370 2 0000000000000000 0         
`

func TestParseSockets(t *testing.T) {
	tests := []struct {
		proto, table string
		want         []string // "quiet" or what is busy
	}{
		{"tcp", tcpTable, []string{
			"quiet",
			"tcp 10.0.0.11:43210 > 10.0.0.10:7000 CLOSE_WAIT unread=0 unsent=5",
			"tcp 10.0.0.10:7000 > 10.0.0.11:43210 ESTABLISHED unread=17 unsent=0",
			"quiet",
			"quiet",
			"tcp 0.0.0.0:7002 > 0.0.0.0:0 LISTEN unread=1 unsent=0",
		}},
		{"tcp", tcp6Table, []string{
			"quiet",
			"tcp 10.0.0.10:7000 > 10.0.0.11:43210 SYN_SENT unread=0 unsent=1",
			"tcp [::1]:7000 > [fe80::5054:ff:f0a5:feb6]:22 FIN_WAIT1 unread=0 unsent=0",
		}},
		{"udp", udpTable, []string{
			"quiet",
			"udp 10.0.0.11:54321 > 10.0.0.10:7001 unread=768 unsent=0",
		}},
		{"udp", "", nil},
	}
	for _, tt := range tests {
		rows, err := parseSockets(tt.proto, strings.NewReader(tt.table))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range rows {
			if s.quiet() {
				got = append(got, "quiet")
			} else {
				got = append(got, s.String())
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.proto, diff)
		}
	}
}

func TestParseSocketsRefuses(t *testing.T) {
	for _, row := range []string{
		"0: 00000000:1B58",
		"0: 0000000:1B58 00000000:0000 0A 00000000:00000000",
		"0: 00000000:1B5800 00000000:0000 0A 00000000:00000000",
		"0: 00000000:1B58 00000000 0A 00000000:00000000",
		"0: 00000000:1B58 00000000:0000 FFF 00000000:00000000",
		"0: 00000000:1B58 00000000:0000 0A 00000000",
		"0: " + strings.Repeat("0", 100_000),
	} {
		if got, err := parseSockets("tcp", strings.NewReader("heading\n"+row+"\n")); err == nil {
			t.Errorf("%.60q: read as %v, want an error", row, got)
		}
	}
}

func FuzzParseSockets(f *testing.F) {
	f.Add(tcpTable)
	f.Add(tcp6Table)
	f.Add(udpTable)
	f.Fuzz(func(t *testing.T, table string) {
		rows, err := parseSockets("tcp", strings.NewReader(table))
		if err != nil {
			return
		}
		for _, s := range rows {
			if !s.local.IsValid() || !s.remote.IsValid() || s.String() == "" {
				t.Errorf("row without addresses: %+v", s)
			}
		}
	})
}
