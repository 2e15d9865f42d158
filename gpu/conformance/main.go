// Command conformance runs the node tests of ONNX, and any models, against the
// processor engine, asks it which forms and types of each operator it takes, and
// writes what came of both as a table.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("conformance: ")
	data := flag.String("data", "/usr/share/libonnx-testdata/data", "folder with the folders of tests")
	models := flag.String("models", "", "folder of models in the same layout, none if empty")
	out := flag.String("o", "docs/onnx.md", "file to write")
	child := flag.Bool("child", false, "run the tests in the folders that are the arguments, and write a line of JSON each")
	flag.Parse()
	ctx := context.Background()
	if *child {
		if err := runChild(ctx, flag.Args()); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := run(ctx, *data, *models, *out); err != nil {
		log.Fatal(err)
	}
}

// run writes the table, and fails if a test does.
func run(ctx context.Context, data, models, out string) error {
	report := report{forms: probe()}
	for _, name := range []string{"node", "simple", "pytorch-operator", "pytorch-converted"} {
		tests, err := runAll(ctx, filepath.Join(data, name))
		if err != nil {
			return err
		}
		report.suites = append(report.suites, suite{name, tests})
	}
	if models != "" {
		var err error
		if report.models, err = runAll(ctx, models); err != nil {
			return err
		}
	}
	text, failed, err := report.markdown()
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, text, 0o644); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d tests failed: see %s", failed, out)
	}
	return nil
}
