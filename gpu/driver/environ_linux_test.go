package driver

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestADriverGetsNoneOfTheHostsEnvironment(t *testing.T) {
	t.Setenv("CLOISTER_SECRET_TOKEN", "hunter2")
	t.Setenv("CUDA_VISIBLE_DEVICES", "MIG-1")
	h := quick(t, Config{Pass: []string{"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"}})
	if _, err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", h.pid()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for v := range strings.SplitSeq(strings.Trim(string(b), "\x00"), "\x00") {
		name, value, _ := strings.Cut(v, "=")
		if names = append(names, name); name == "CUDA_VISIBLE_DEVICES" && value != "MIG-1" {
			t.Errorf("%s is %q", name, value)
		}
		if strings.HasPrefix(name, "PLUGIN_") {
			names = names[:len(names)-1]
		}
	}
	slices.Sort(names)
	want := []string{"CLOISTER_DEVICE", "CLOISTER_DRIVER", "CUDA_VISIBLE_DEVICES", "GOTRACEBACK", "TMPDIR"}
	if !slices.Equal(names, want) {
		t.Errorf("its environment has %q, want %q", names, want)
	}
	if in, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/0", h.pid())); err != nil || in != os.DevNull {
		t.Errorf("its standard input is %q, %v; want %s", in, err, os.DevNull)
	}
}
