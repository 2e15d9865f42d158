// Command cloister is the whole product in one binary: it packs and sells
// data, publishes apps, rents machines out, and runs jobs on them.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/recipe"
	"github.com/cloister-ai/cloister/gpu/engine"

	"github.com/alecthomas/kong"
)

// cli is the whole command line. Each command is a struct in its own file with
// a Run method; what Run needs, it takes as parameters.
type cli struct {
	State    string     `help:"Folder with everything this node knows." default:"${state}" env:"CLOISTER_STATE" type:"path"`
	JSON     bool       `help:"Print JSON instead of tables." name:"json"`
	LogLevel slog.Level `help:"debug, info, warn or error." default:"warn" env:"CLOISTER_LOG_LEVEL"`

	Demo  demoCmd  `cmd:"" help:"Play the whole story: sell data, train on it, publish the model, classify on a rented slot."`
	Up    upCmd    `cmd:"" help:"Run a node: chain, bus, market and one host, until stopped."`
	Serve serveCmd `cmd:"" help:"Join another node's fleet as one more host."`

	Data  dataCmd  `cmd:"" help:"Pack and look at datasets."`
	App   appCmd   `cmd:"" help:"Publish apps."`
	Model modelCmd `cmd:"" help:"Import, ask, publish and fetch models."`
	Run   runCmd   `cmd:"" help:"Run an app on this machine, in the sandbox, without network or slot."`
	Buy   buyCmd   `cmd:"" help:"Buy the use of assets, in one bundle."`
	Send  sendCmd  `cmd:"" name:"submit" help:"Run an app on a rented slot."`

	Result   resultCmd   `cmd:"" help:"Wait for the answer of a job that was submitted before."`
	Jobs     jobsCmd     `cmd:"" help:"List jobs and how they ended."`
	Cancel   cancelCmd   `cmd:"" help:"Cancel a job."`
	Receipts receiptsCmd `cmd:"" help:"List what was bought and what was run."`
	Assets   assetsCmd   `cmd:"" help:"List what is for sale."`
	Hosts    hostsCmd    `cmd:"" help:"List the hosts of the slot and what they are worth."`
	Balance  balanceCmd  `cmd:"" help:"Show who has what."`
	Settle   settleCmd   `cmd:"" help:"Settle purchases and pay everybody out."`
	Devices  devicesCmd  `cmd:"" help:"List this machine's devices."`
	Bench    benchCmd    `cmd:"" help:"Measure what this machine computes, and sign its score."`
	Deploy   deployCmd   `cmd:"" help:"Put the contracts on another chain, once."`
	Mint     mintCmd     `cmd:"" help:"Make credits on a chain of your own, up to an amount."`
	Token    tokenCmd    `cmd:"" help:"Print the tokens with which hosts and clients join this node."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

func main() {
	engine.Main() // an engine's process is this binary, started again
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cloister(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// cloister is main without the process: tests call it.
func cloister(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	p, err := kong.New(&c, kong.Name("cloister"),
		kong.Description("AI apps as WebAssembly on rented machines, over data nobody can copy."),
		kong.Vars{"state": defaultState(), "presets": strings.Join(recipe.Presets(), ", ")},
		kong.Writers(stdout, stderr), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return fail(stderr, fmt.Errorf("command line: %w: %w", abi.Internal, err))
	}
	kctx, err := p.Parse(args)
	if err != nil {
		return fail(stderr, fmt.Errorf("%w (see cloister --help): %w", err, abi.Invalid))
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	err = kctx.Run(log, &terminal{in: stdin, out: stdout, err: stderr, json: c.JSON}, stateDir(c.State))
	if err != nil && ctx.Err() != nil {
		err = withHint(errStopped, "%s", cmp.Or(ownHint(err), "run the same command again: it goes on from here")) // whatever it was busy with
	}
	return fail(stderr, err)
}

// fail prints err once and returns the exit status for its Kind: 0 for none,
// 1 for an unclassified error, 10+Kind for the rest.
func fail(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	stderr = screen{stderr}
	fmt.Fprintln(stderr, "cloister:", err)
	if hint := hintFor(err); hint != "" {
		fmt.Fprintln(stderr, "hint:", hint)
	}
	if errors.Is(err, errStopped) {
		return 130
	}
	if k, ok := errors.AsType[abi.Kind](err); ok {
		return 10 + int(k)
	}
	return 1
}

// errStopped is why a command ended that a person stopped.
var errStopped = errors.New("stopped before the end; nothing is lost")

// hinted is an error with its own advice.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// withHint attaches advice that is better than what the Kind alone suggests.
func withHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return hinted{err, fmt.Sprintf(format, args...)}
}

var hints = map[abi.Kind]string{
	abi.Denied:      "see what was bought and until when: cloister receipts",
	abi.Exhausted:   "the limit is named above; ask for more with the flag of that name, up to what the slot grants",
	abi.Unavailable: "is the node running? start it with: cloister up",
	abi.Internal:    "this is a bug in cloister; please report it with the line above",
}

func hintFor(err error) string { return cmp.Or(ownHint(err), hints[abi.KindOf(err)]) }

// ownHint is the advice that was attached to err, or that it has of its own, if any.
func ownHint(err error) string {
	if h, ok := errors.AsType[hinted](err); ok {
		return h.hint
	}
	if h, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return h.Hint()
	}
	return ""
}

type versionCmd struct{}

func (versionCmd) Run(t *terminal) error {
	_, err := fmt.Fprintln(t.out, "cloister", version(), "abi", abi.ImportModule)
	return err
}

// version is what this binary was built from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
