package poll

import (
	"context"
	"errors"
	"testing"
)

func TestUntil(t *testing.T) {
	broken := errors.New("broken")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name  string
		ctx   context.Context
		looks int // after which it holds, or fails with err
		err   error
		want  error
		taken int
	}{
		{"at once", t.Context(), 1, nil, nil, 1},
		{"after a while", t.Context(), 5, nil, nil, 5},
		{"an error", t.Context(), 2, broken, broken, 2},
		{"one look is taken in any case", over, 1, nil, nil, 1},
		{"and no other", over, 2, nil, context.Canceled, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			looks := 0
			err := Until(test.ctx, Kernel, func() (bool, error) {
				looks++
				if looks < test.looks {
					return false, nil
				}
				return test.err == nil, test.err
			})
			if !errors.Is(err, test.want) || looks != test.taken {
				t.Errorf("error %v after %d looks, want %v after %d", err, looks, test.want, test.taken)
			}
		})
	}
}
