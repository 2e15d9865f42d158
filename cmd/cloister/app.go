package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/market"
)

type appCmd struct {
	Publish appPublishCmd `cmd:"" help:"Put a module on sale."`
	Check   appCheckCmd   `cmd:"" help:"Say whether a module may become an app."`
}

type appPublishCmd struct {
	Module string `arg:"" help:"The wasm module." type:"path"`
	Price  string `help:"Credits a job." default:"0"`
	Name   string `help:"Default: the file's."`
	Text   string `help:"What it does, in a sentence."`
	As     string `help:"Who sells." default:"developer"`
}

// Run publishes a module that passed the sandbox's check.
func (c appPublishCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		price, err := market.ParseCredits(c.Price)
		if err != nil {
			return err
		}
		wasm, err := checked(c.Module)
		if err != nil {
			return err
		}
		a, err := s.as(c.As)
		if err != nil {
			return err
		}
		content, err := s.store.PutBytes(wasm)
		if err != nil {
			return err
		}
		name := c.Name
		if name == "" {
			name = strings.TrimSuffix(filepath.Base(c.Module), ".wasm")
		}
		return sell(ctx, s, a, t, offer{kind: wire.App, content: content, price: price, about: description{Name: name, Text: c.Text, Bytes: int64(len(wasm))}})
	})
}

type appCheckCmd struct {
	Module string `arg:"" help:"The wasm module." type:"path"`
}

// Run says whether a module may become an app.
func (c appCheckCmd) Run(t *terminal) error {
	wasm, err := checked(c.Module)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%v: %d bytes, may become an app\n", abi.Sum(wasm), len(wasm))
	return err
}

// checked reads a module and runs the sandbox's check on it.
func checked(path string) ([]byte, error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("module: %w: %w", abi.NotFound, err)
	}
	if err := sandbox.Check(wasm); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return wasm, nil
}
