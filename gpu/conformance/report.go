package main

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/cloister-ai/cloister/gpu/check"
)

// tiersCSV says how many real models use an operator: the columns are tier,
// operator, models of 834, node tests. The models are those with an operator list
// in the turnkey_stats.yaml files of the public collection onnx/models, exported
// at opset 16 to 18; the tests are those of onnx 1.12.
//
//go:embed tiers.csv
var tiersCSV []byte

//go:embed head.md
var head string

// A suite is a folder of tests.
type suite struct {
	name  string
	tests []test
}

// A report is everything that is known.
type report struct {
	forms  map[string]support
	suites []suite // the first are the node tests
	models []test
}

// A row is one operator of the table.
type row struct {
	op     string
	models string // of the collection, that use it
	count  map[check.Status]int
	why    []string
}

func newRow(op, models string) *row {
	return &row{op: op, models: models, count: map[check.Status]int{}}
}

func (r *row) add(t test) {
	s, why := t.status()
	r.count[s]++
	if s == check.Pass {
		return
	}
	if why = plain(why); s == check.Fail {
		why = "**" + strings.TrimPrefix(t.Name, "test_") + "**: " + why
	}
	if !slices.Contains(r.why, why) {
		r.why = append(r.why, why)
	}
}

// elements are the types of ONNX that there are not here, by number.
var elements = strings.NewReplacer("dtype(0)", "undefined", "dtype(4)", "uint16", "dtype(5)", "int16", "dtype(8)", "string", "dtype(12)", "uint32", "dtype(13)", "uint64",
	"dtype(14)", "complex64", "dtype(15)", "complex128", "dtype(16)", "bfloat16", "|", `\|`, "\n", " ")

// plain is a reason without the packages it went through.
func plain(why string) string {
	parts := strings.Split(elements.Replace(why), ": ")
	parts = slices.DeleteFunc(parts, func(s string) bool {
		return s == "graph" || s == "onnx" || s == "invalid" || s == "check" || strings.HasSuffix(s, ".pb")
	})
	return strings.Join(slices.Compact(parts), ": ")
}

// markdown returns the table and how many tests failed.
func (r *report) markdown() ([]byte, int, error) {
	lines, err := csv.NewReader(bytes.NewReader(tiersCSV)).ReadAll()
	if err != nil {
		return nil, 0, fmt.Errorf("tiers.csv: %w", err)
	}
	rows := map[string]*row{}
	var tiers []string
	members := map[string][]*row{}
	for _, l := range lines[1:] {
		x := newRow(l[1], l[2])
		rows[x.op] = x
		if !slices.Contains(tiers, l[0]) {
			tiers = append(tiers, l[0])
		}
		members[l[0]] = append(members[l[0]], x)
	}
	const beyond = "beyond the tiers"
	tiers = append(tiers, beyond)
	other := func(op string) *row {
		if rows[op] == nil {
			rows[op] = newRow(op, "")
			members[beyond] = append(members[beyond], rows[op])
		}
		return rows[op]
	}
	for op := range r.forms {
		other(op)
	}
	tests := r.suites[0].tests
	subject := subjects(tests)
	for _, t := range tests {
		other(subject[t.Name]).add(t)
	}
	slices.SortFunc(members[beyond], func(a, b *row) int { return strings.Compare(a.op, b.op) })

	var b bytes.Buffer
	b.WriteString(head)
	b.WriteString("\n## Totals\n\n| | operators | taken | tests | pass | fail | refused |\n|---|---|---|---|---|---|---|\n")
	for _, tier := range tiers {
		total, taken := newRow("", ""), 0
		for _, x := range members[tier] {
			for s, n := range x.count {
				total.count[s] += n
			}
			if r.takes(x) {
				taken++
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %s |\n", title(tier), len(members[tier]), taken, total.numbers())
	}
	failed := 0
	for _, s := range append(slices.Clone(r.suites), suite{"models", r.models}) {
		total := newRow("", "")
		for _, t := range s.tests {
			total.add(t)
		}
		failed += total.count[check.Fail]
		if len(s.tests) > 0 {
			fmt.Fprintf(&b, "| all of `%s` | | | %s |\n", s.name, total.numbers())
		}
	}
	for _, tier := range tiers {
		fmt.Fprintf(&b, "\n## %s\n\n| operator | models | forms of opset | types | gradient | pass | fail | refused | why |\n|---|---|---|---|---|---|---|---|---|\n", title(tier))
		for _, x := range members[tier] {
			b.WriteString(r.line(x))
		}
	}
	for _, s := range r.suites[1:] {
		fmt.Fprintf(&b, "\n## Not passed of `%s`\n\n", s.name)
		none := true
		for _, t := range s.tests {
			if s, why := t.status(); s != check.Pass {
				none = false
				fmt.Fprintf(&b, "- `%s`: %s: %s\n", t.Name, s, plain(why))
			}
		}
		if none {
			b.WriteString("None.\n")
		}
	}
	if len(r.models) > 0 {
		b.WriteString("\n## Models\n\n| model | data sets | status | largest difference | of the element itself | why |\n|---|---|---|---|---|---|\n")
		for _, t := range r.models {
			most, share := 0.0, 0.0
			for _, s := range t.Sets {
				most, share = max(most, s.MaxAbs), max(share, s.MaxRel)
			}
			s, why := t.status()
			fmt.Fprintf(&b, "| %s | %d | %s | %.0e | %.0e | %s |\n", t.Name, len(t.Sets), s, most, share, plain(why))
		}
	}
	return b.Bytes(), failed, nil
}

func title(tier string) string {
	letter, rest, ok := strings.Cut(tier, "-")
	if !ok {
		return "Beyond the tiers"
	}
	return "Tier " + letter + ": " + strings.ReplaceAll(rest, "/", ", ")
}

func (r *row) numbers() string {
	pass, fail, refused := r.count[check.Pass], r.count[check.Fail], r.count[check.Refused]
	return fmt.Sprintf("%d | %d | %d | %d", pass+fail+refused, pass, fail, refused)
}

// takes reports whether some form of the operator is taken.
func (r *report) takes(x *row) bool {
	return len(r.forms[x.op].opsets) > 0 || control[x.op] && x.count[check.Pass] > 0
}

// control are the operators whose attributes are graphs: they have no types.
var control = map[string]bool{"If": true, "Loop": true, "Scan": true}

// line is the row of an operator.
func (r *report) line(x *row) string {
	f := r.forms[x.op]
	var opsets, types []string
	for _, o := range f.opsets {
		if s := fmt.Sprint(o); !slices.Contains(opsets, s) {
			opsets = append(opsets, s)
		}
	}
	for _, o := range f.missing {
		opsets = append(opsets, fmt.Sprintf("not %d", o))
	}
	for _, t := range f.types {
		types = append(types, t.String())
	}
	gradient := "yes"
	switch {
	case !r.takes(x):
		gradient = ""
	case control[x.op]:
		types, gradient = []string{"of the body"}, "of the body"
	case !f.gradient:
		gradient = "–"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %d | %d | %d | %s |\n", x.op, x.models, strings.Join(opsets, " "), shorten(types), gradient,
		x.count[check.Pass], x.count[check.Fail], x.count[check.Refused], strings.Join(x.why, "; "))
}

// shorten gives a name to the sets of types that are common.
func shorten(types []string) string {
	s := strings.Join(types, " ")
	for _, r := range [][2]string{
		{"float32 float64 float16 int8 uint8 int32 int64 bool", "all"},
		{"float32 float64 float16 int8 uint8 int32 int64", "numbers"},
		{"float32 float64 float16", "floats"},
		{"int8 uint8 int32 int64", "integers"},
	} {
		if s == r[0] {
			return r[1]
		}
	}
	return s
}

// subjects says which operator a test is of: the only one, or the one that the
// test is named for, or the one whose attributes hold the others. A test of a
// function body is of the operator that the body stands for.
func subjects(tests []test) map[string]string {
	of := map[string]string{}
	for _, t := range tests {
		of[t.Name] = subject(t)
	}
	for _, t := range tests {
		if direct, ok := strings.CutSuffix(t.Name, "_expanded"); ok && of[direct] != "" {
			of[t.Name] = of[direct]
		}
	}
	return of
}

func subject(t test) string {
	name := strings.ReplaceAll(strings.TrimPrefix(t.Name, "test_"), "_", "")
	best := ""
	for _, op := range t.Operators {
		if strings.HasPrefix(name, strings.ToLower(op)) && len(op) > len(best) {
			best = op
		}
	}
	switch {
	case best != "":
		return best
	case len(t.Operators) > 0:
		return t.Operators[0]
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(t.Name, "test_"), "_") // a model that is none, for all that is known
	return strings.ToUpper(first[:min(1, len(first))]) + first[min(1, len(first)):]
}
