package main

import (
	"context"
	"log/slog"
)

// calmer returns log with warnings turned into information: go-ethereum and
// nats-server warn of what we chose, as that a chain without peers has none.
// Errors stay errors.
func calmer(log *slog.Logger) *slog.Logger { return slog.New(calm{log.Handler()}) }

type calm struct{ slog.Handler }

func (c calm) Enabled(ctx context.Context, level slog.Level) bool {
	return c.Handler.Enabled(ctx, lower(level))
}

func (c calm) Handle(ctx context.Context, r slog.Record) error {
	r.Level = lower(r.Level)
	return c.Handler.Handle(ctx, r)
}

func (c calm) WithAttrs(attrs []slog.Attr) slog.Handler { return calm{c.Handler.WithAttrs(attrs)} }
func (c calm) WithGroup(name string) slog.Handler       { return calm{c.Handler.WithGroup(name)} }

func lower(level slog.Level) slog.Level {
	if level == slog.LevelWarn {
		return slog.LevelInfo
	}
	return level
}
