package chain

import (
	"context"
	"log/slog"

	"github.com/ethereum/go-ethereum/log"
)

// routeLogs sends what go-ethereum logs at warning and above to l. It logs
// through one logger of its own for the whole process, so the chain that was
// opened last receives it.
func routeLogs(l *slog.Logger) {
	log.SetDefault(log.NewLogger(atLeast{l.With(slog.String("from", "go-ethereum")).Handler(), slog.LevelWarn}))
}

// atLeast passes on records from level up.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}
