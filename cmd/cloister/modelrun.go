package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/recipe"
	"github.com/cloister-ai/cloister/gpu/onnx"
	"github.com/cloister-ai/cloister/host/sandbox"
)

type modelRunCmd struct {
	Model  string        `arg:"" help:"An ONNX file, or the content id or name of a model in the store."`
	Input  []string      `arg:"" optional:"" help:"Files: photos, sounds, texts, .npy or .pb arrays; one for each input that takes a file, record after record." type:"path"`
	Top    int           `help:"Labels an answer lists; default: as the card says."`
	Out    string        `help:"Where the outputs go: a .npy or .pb file, numbered if there are several." type:"path" placeholder:"FILE"`
	App    string        `help:"The runner module; default: infer.wasm, as it was built." type:"path"`
	Engine string        `help:"Tensor engine: cpu, gorgonia, or driver:PATH for a device of others." default:"cpu"`
	Wall   time.Duration `help:"Most time it may take." default:"2m"`
	Memory uint32        `help:"Most guest memory, in 64 KiB pages." default:"8192"`
	Tensor uint64        `help:"Most tensor bytes." default:"2147483648"`
	cardFlags
}

// Run asks a model in the sandbox, with the app that a host would ask it with.
func (c modelRunCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	m, err := c.find(ctx, state, c.Model)
	if err != nil {
		return err
	}
	model, err := ready(state, m)
	if err != nil {
		return err
	}
	if c.App == "" {
		if c.App, err = shippedApp("infer"); err != nil {
			return err
		}
	}
	r := runCmd{App: c.App, Engine: c.Engine, Wall: c.Wall, Memory: c.Memory, Bytes: 256 << 20, Tensor: c.Tensor, Seed: "0", Param: map[string]string{}}
	if c.Top > 0 {
		r.Param["top"] = strconv.Itoa(c.Top)
	}
	if c.Out != "" {
		r.Param["output"] = "arrays"
	}
	wasm, err := r.module(state)
	if err != nil {
		return err
	}
	input, err := readArrays(c.Input, t.in)
	if err != nil {
		return err
	}
	out, err := r.execute(ctx, log, t, state, wasm, input, map[string]sandbox.Model{"model": model})
	if s := m.Card.Spec; errors.Is(err, abi.Invalid) && s != nil && s.Inputs[0].Recipe == "raw" {
		err = withHint(err, "the model takes its elements as they are; say how a file becomes them with --pre, as in --pre %s", strings.Join(recipe.Presets(), " or "))
	}
	if err != nil {
		return err
	}
	if c.Out != "" {
		return writeArrays(t, c.Out, out)
	}
	return showAnswers(t, c.Input, out)
}

// ready makes the model ready for the sandbox: a sealed one with a key from here,
// an ONNX file as it is.
func ready(state stateDir, m foundModel) (sandbox.Model, error) {
	if m.onnx == nil {
		p, err := state.holder(*m.Content)
		if err != nil {
			return sandbox.Model{}, err
		}
		return runCmd{Model: m.Content.String(), As: p.name}.model(state, homePolicy)
	}
	card, err := json.Marshal(m.Card)
	if err != nil {
		return sandbox.Model{}, fmt.Errorf("model card: %w: %w", abi.Internal, err)
	}
	return sandbox.Model{ONNX: m.onnx, Card: card, Open: true}, nil
}

// readArrays is readInput for files of which some hold a TensorProto, which
// apps take as .npy.
func readArrays(paths []string, stdin io.Reader) ([]byte, error) {
	var files [][]byte
	for _, p := range paths {
		b, err := readInput([]string{p}, stdin)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(p, ".pb") {
			x, err := onnx.ParseTensor(b)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p, err)
			}
			b = recipe.Array{DType: x.DType, Shape: x.Shape, Data: x.Data}.NPY()
		}
		files = append(files, b)
	}
	if len(files) == 1 {
		return files[0], nil
	}
	return abi.JoinFiles(files...), nil
}

// writeArrays writes the app's arrays as path says.
func writeArrays(t *terminal, path string, out []byte) error {
	files, err := abi.SplitFiles(out)
	if err != nil {
		return err
	}
	ext := filepath.Ext(path)
	if ext != ".npy" && ext != ".pb" {
		return fmt.Errorf("--out %s: want a name that ends in .npy or .pb: %w", path, abi.Invalid)
	}
	for i, b := range files {
		to := path
		if len(files) > 1 {
			to = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), i, ext)
		}
		a, err := recipe.ParseNPY(b)
		if err != nil {
			return err
		}
		if ext == ".pb" {
			b = onnx.MarshalTensor(onnx.Tensor{DType: a.DType, Shape: a.Shape, Data: a.Data})
		}
		if err := writeFile(to, b); err != nil {
			return err
		}
		fmt.Fprintf(screen{t.err}, "%s: %v%v\n", to, a.DType, a.Shape)
	}
	return nil
}

// A modelAnswer is what the app infer says about one record.
type modelAnswer struct {
	Top     []recipe.Guess   `json:"top"`
	Windows [][]recipe.Guess `json:"windows"`
	Scores  []float64        `json:"scores"`
	Every   float64          `json:"every_seconds"`
	Outputs []struct {
		Name, DType    string
		Shape          []int64
		Min, Max, Mean float64
	} `json:"outputs"`
}

// showAnswers prints a line a label, or what the outputs look like where no
// labels come out.
func showAnswers(t *terminal, inputs []string, out []byte) error {
	if t.json {
		return writeOutput("", t.out, out)
	}
	var answers []modelAnswer
	if err := json.Unmarshal(out, &answers); err != nil {
		return withHint(fmt.Errorf("the app answered something else: %w: %w", abi.Guest, err), "see it whole with --json")
	}
	each := 1
	if len(answers) > 0 {
		each = max(1, len(inputs)/len(answers))
	}
	return t.table(nil, "INPUT ANSWER SCORE", func(w io.Writer) {
		for i, a := range answers {
			name := "-"
			if i*each < len(inputs) {
				name = oneLine(filepath.Base(inputs[i*each]), 60)
			}
			for k, top := range a.Windows {
				for _, g := range top {
					fmt.Fprintf(w, "%s at %.2f s\t%s\t%.3f\n", name, float64(k)*a.Every, oneLine(g.Label, 80), g.Score)
				}
			}
			for k, score := range a.Scores {
				fmt.Fprintf(w, "%s at %.2f s\t%s\t%.3f\n", name, float64(k)*a.Every, oneLine(a.Top[0].Label, 80), score)
			}
			if a.Windows == nil && a.Scores == nil {
				for _, g := range a.Top {
					fmt.Fprintf(w, "%s\t%s\t%.3f\n", name, oneLine(g.Label, 80), g.Score)
				}
			}
			if a.Top != nil {
				continue
			}
			for _, o := range a.Outputs {
				fmt.Fprintf(w, "%s\t%s %s%v\t%.4g to %.4g, mean %.4g\n", name, oneLine(o.Name, 60), oneLine(o.DType, 10), o.Shape, o.Min, o.Max, o.Mean)
			}
		}
	})
}

// shippedApp finds a module that was built beside this program, or in the
// repository it is run in.
func shippedApp(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("own binary: %w: %w", abi.Internal, err)
	}
	for _, path := range []string{filepath.Join(filepath.Dir(self), "apps", name+".wasm"), filepath.Join("bin", "apps", name+".wasm")} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", withHint(fmt.Errorf("app %s.wasm is not beside this program: %w", name, abi.NotFound), "build it with make apps, or name it with --app")
}
