package webguard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The times of a connection and a request. Streams set their own.
const (
	headerTimeout = 10 * time.Second // for a request's header
	bodyTimeout   = time.Minute      // for its body
	answerTimeout = 2 * time.Minute  // for its answer, downloads included
	idleTimeout   = 15 * time.Second // between two requests
	closeTimeout  = time.Second      // for what is under way at the end
	maxHeader     = 16 << 10         // bytes
)

// Serve serves what the guard admits with a handler until ctx ends. Then it closes the
// guard, gives what is under way a second, closes the listener and all connections,
// and returns nil. The error is that of the listener.
func (g *Guard) Serve(ctx context.Context, l net.Listener, next http.Handler) error {
	server := &http.Server{
		Handler:           g.Protect(next),
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(limitConns(l)) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	g.Close()
	ending, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if server.Shutdown(ending) != nil {
		server.Close()
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("web server: %w", err)
	}
	return nil
}
