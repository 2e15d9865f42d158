//go:build wasip1

// Command infer is an app that runs any model with one record or several: the
// input is a file, or several joined by abi.JoinFiles, one for each input of the
// model that takes a file. The model's card says how a file becomes a tensor and
// how the first output is read; the app's output says in JSON, for each record,
// the best labels and what every output looks like.
//
// Parameters of the job: top (labels an answer lists), output (answer, or arrays
// for the outputs themselves as .npy files).
package main

import (
	"encoding/json"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
	"github.com/cloister-ai/cloister/abi/recipe"
)

//go:wasmexport cloister_run
func run() int32 { return guest.Run(infer) }

func main() {}

func infer() error {
	m, err := openModel()
	if err != nil {
		return err
	}
	defer m.program.Free()
	top, err := guest.ParamInt("top", 0, 0, 10_000)
	if err != nil {
		return err
	}
	if top > 0 {
		m.reading = m.reading.Top(top)
	}
	arrays := false
	switch form := guest.Param("output", "answer"); form {
	case "answer":
	case "arrays":
		arrays = true
	default:
		return guest.Fail(abi.Invalid, "parameter output=", form, ": answer or arrays is wanted")
	}
	records, err := m.records()
	if err != nil {
		return err
	}
	var answers []answer
	var files [][]byte
	for i, files1 := range records {
		guest.Progress(i, len(records), "running")
		out, err := m.run(files1)
		if err != nil {
			return guest.Within("record "+strconv.Itoa(i+1)+" of "+strconv.Itoa(len(records)), err)
		}
		if arrays {
			for _, a := range out {
				files = append(files, a.NPY())
			}
			continue
		}
		a, err := m.answer(out)
		if err != nil {
			return guest.Within("record "+strconv.Itoa(i+1)+" of "+strconv.Itoa(len(records)), err)
		}
		answers = append(answers, a)
	}
	guest.Progress(len(records), len(records), "done")
	if arrays {
		if len(files) == 1 {
			return guest.Write(files[0])
		}
		return guest.Write(abi.JoinFiles(files...))
	}
	b, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	return guest.Write(append(b, '\n'))
}

// An output is one output of the model for one record: of every window of it,
// one after the other, where there are several.
type output struct {
	name string
	recipe.Array
	windows int
}
