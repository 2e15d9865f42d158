package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/fleet"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// withSite calls f at the node that runs in this state folder or, when none
// does, at one that is brought up for as long as f takes, without a host.
func withSite(ctx context.Context, log *slog.Logger, state stateDir, f func(context.Context, *site) error) (err error) {
	if err := state.open(); err != nil {
		return err
	}
	unlock, err := state.lock()
	if errors.Is(err, abi.Unavailable) {
		s, err := join(ctx, log, state)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close()) }()
		return f(ctx, s)
	}
	if err != nil {
		return err
	}
	defer unlock()
	s, err := bring(ctx, state, state.chain(), log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.serve(ctx, func(ctx context.Context) error { return f(ctx, s) })
}

// chain says which chain the node was on that ran here last: an embedded one, or
// another that must not be mistaken for it now.
func (s stateDir) chain() siteConfig {
	if n, err := s.readNode(); err == nil && n.Contracts != nil {
		return siteConfig{RPC: n.RPC, At: n.Contracts}
	}
	return siteConfig{}
}

// join connects to the node that has the state folder.
func join(ctx context.Context, log *slog.Logger, state stateDir) (_ *site, err error) {
	n, err := state.readNode()
	if err != nil {
		return nil, withHint(err, "the folder is in use by a command that is about to end; try again")
	}
	s := &site{state: state, log: log, slot: n.Slot, http: n.HTTP}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := s.connect(ctx, siteConfig{RPC: n.RPC, At: n.Contracts}); err != nil {
		return nil, err
	}
	token, err := fleet.ParseToken(n.Client)
	if err != nil {
		return nil, err
	}
	id, err := fleet.OpenIdentity(state.path("cli.key"))
	if err != nil {
		return nil, err
	}
	if s.conn, err = fleet.Dial(ctx, token, fleet.DialConfig{Identity: id, Log: log}); err != nil {
		return nil, err
	}
	s.closes = append(s.closes, func() error { s.conn.Close(); return nil })
	s.bus = fleet.NewClient(s.conn)
	return s, nil
}

// jobs lists every job of the site's broker, newest first.
func (s *site) jobs(ctx context.Context) ([]fleet.Status, error) {
	if s.broker == nil {
		return s.remoteJobs(ctx)
	}
	var all []fleet.Status
	for before := uint64(0); ; {
		page, next, err := s.broker.Jobs(ctx, "", before, 200)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if before = next; next == 0 {
			return all, nil
		}
	}
}

// remoteJobs asks the owner's page of a running node: the bus tells a client
// about its own jobs only.
func (s *site) remoteJobs(ctx context.Context) ([]fleet.Status, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.http+"/v1/jobs", nil)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w: %w", abi.Internal, err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w: %w", abi.Unavailable, err)
	}
	defer res.Body.Close()
	var all []fleet.Status
	if err := json.NewDecoder(http.MaxBytesReader(nil, res.Body, 256<<20)).Decode(&all); err != nil {
		return nil, fmt.Errorf("jobs: %w: %w", abi.Unavailable, err)
	}
	return all, nil
}

// listen opens the owner's page: metrics and jobs, on loopback.
func (s *site) listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("http %s: %w: %w", addr, abi.Invalid, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("http %s: not a loopback address: the owner's page has no lock: %w", addr, abi.Invalid)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, withHint(fmt.Errorf("http %s: %w: %w", addr, abi.Unavailable, err), "name another port with --page")
	}
	return ln, nil
}

// page serves the owner's page on ln until ctx is done.
func (s *site) page(ctx context.Context, ln net.Listener, reg *prometheus.Registry) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /v1/jobs", func(w http.ResponseWriter, r *http.Request) {
		all, err := s.jobs(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(all) // the reader may be gone: its loss
	})
	srv := &http.Server{Handler: fromHere(mux), ReadHeaderTimeout: 5 * time.Second}
	drained := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		drained <- srv.Shutdown(grace)
	})
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("http: %w: %w", abi.Unavailable, err)
	}
	return <-drained
}

// fromHere refuses questions that a browser asks under another name: a page of
// a stranger may have its own name point at this machine.
func fromHere(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		if ip := net.ParseIP(strings.Trim(name, "[]")); name != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "this page is for this machine only", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}
