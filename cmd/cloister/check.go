package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/cloister-ai/cloister/gpu/check"
	"github.com/cloister-ai/cloister/gpu/engine"
)

type modelCheckCmd struct {
	Dirs   []string `arg:"" help:"Folders in the ONNX test layout, or folders of such: model.onnx, test_data_set_*/input_N.pb, output_N.pb, and perhaps TOLERANCE. An element may be off by 1e-3 of its size + 1e-7, in a model with 1000 weights or more by 1e-5 of the largest of its output besides; with a file TOLERANCE, two numbers REL ABS, by REL of its size + ABS and no more." type:"path"`
	Engine string   `help:"Tensor engine: cpu, gorgonia, or driver:PATH for a device of others." default:"cpu"`
}

// Run tests every model below the folders. With --json it prints a line a test,
// as it ends, and one of totals; it fails if a test does, not if a model is
// refused.
func (c modelCheckCmd) Run(ctx context.Context, t *terminal) (err error) {
	dirs, err := check.Find(c.Dirs...)
	if err != nil {
		return err
	}
	eng, err := engine.New(c.Engine)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeEngine(eng)) }()
	var all []check.Result
	total := map[check.Status]int{check.Pass: 0, check.Fail: 0, check.Refused: 0}
	lines := json.NewEncoder(t.out)
	for _, dir := range dirs {
		var printed error
		if err := check.Run(ctx, eng, dir, func(r check.Result) {
			total[r.Status]++
			all = append(all, r)
			if t.json && printed == nil {
				printed = lines.Encode(r)
			}
		}); err != nil {
			return err
		}
		if printed != nil {
			return printed
		}
	}
	if t.json {
		err = lines.Encode(total)
	} else {
		err = t.table(nil, "TEST STATUS MAX-ABS MAX-REL MS REASON", func(w io.Writer) {
			for _, r := range all {
				fmt.Fprintf(w, "%s\t%s\t%.2g\t%.2g\t%.2f\t%s\n", r.Name, r.Status, r.MaxAbs, r.MaxRel, r.MS, r.Reason)
			}
		})
		fmt.Fprintf(t.out, "%d passed, %d failed, %d refused\n", total[check.Pass], total[check.Fail], total[check.Refused])
	}
	if err == nil && total[check.Fail] > 0 {
		err = fmt.Errorf("%d of %d tests failed", total[check.Fail], len(all))
	}
	return err
}
