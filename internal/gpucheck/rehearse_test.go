//go:build !race

// The interpreter runs one goroutine, ten times slower under the race detector.

package main

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/cuda/fake"
	"github.com/cloister-ai/cloister/gpu/driver"
	device "github.com/cloister-ai/cloister/gpu/engine/cuda"
	"github.com/cloister-ai/cloister/internal/ptxvm"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	driver.Main(map[string]func() (driver.Device, error){
		"": func() (driver.Device, error) { return device.NewDevice(ptxvm.NewDriver(ptxvm.Config{})), nil },
	})
	goleak.VerifyTestMain(m)
}

// TestEverythingIsRehearsed runs every part in this process, as SMALL=1 does in
// processes of their own.
func TestEverythingIsRehearsed(t *testing.T) {
	c := &config{small: true, interpreted: true, models: "none", records: filepath.Join(t.TempDir(), "records")}
	log, err := openLog(c.records)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"machine", "memory", "fault", "afterwards", "cold", "cold", "times", "jobs"} {
		if err := parts[name](context.Background(), c, log); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := result{Rehearse: true}
	if err := r.gather(c.records); err != nil {
		t.Fatal(err)
	}
	for _, s := range c.specs() {
		if x := r.find(s.Name, byUs); x == nil && (s.Type == "" || s.Type == "fp32") {
			t.Errorf("nothing was said of %s", s.Name)
		} else if x != nil && (x.Note != "" || x.Runs == 0 || s.Kind != kindCopy && x.MS <= 0) {
			t.Errorf("%s: %+v", s.Name, x)
		}
	}
	e, err := c.engine()
	if err != nil {
		t.Fatal(err)
	}
	defer e.(io.Closer).Close()
	t.Run("Timed", func(t *testing.T) { c.likeTheProcessor(t, e) })
	t.Run("Bits", func(t *testing.T) { c.sameBits(t, e) })
}

// TestTimesComeFromTheRealDriversCalls has the calls of the real driver in between,
// over a library that stands in for it: nothing runs there, but every object is
// made, used and given back as on a card.
func TestTimesComeFromTheRealDriversCalls(t *testing.T) {
	f := fake.CUDA(t)
	f.BLAS(t) // it multiplies
	c := &config{small: true, records: filepath.Join(t.TempDir(), "records")}
	log, err := openLog(c.records)
	if err != nil {
		t.Fatal(err)
	}
	f.OnLaunch(func(fake.Launch) cuda.Code { return 0 })
	for _, name := range []string{"times", "cold", "products"} {
		if err := parts[name](context.Background(), c, log); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	var r result
	if err := r.gather(c.records); err != nil {
		t.Fatal(err)
	}
	for _, s := range c.specs() {
		if x := r.find(s.Name, byLt); s.Kind == kindGEMM && (x == nil || x.Note != "" || x.Runs == 0) {
			t.Errorf("%s by cuBLASLt: %+v", s.Name, x)
		}
	}
	if n := f.Calls()["cuGraphLaunch"]; n == 0 {
		t.Error("no graph was replayed")
	}
	if f.Live() != 0 || f.Leaked() != 0 {
		t.Errorf("%d objects are left, %d were left to their context", f.Live(), f.Leaked())
	}
	if err := c.choose(); err != nil || c.interpreted {
		t.Errorf("choose = %v, interpreted %v; want the device of the driver", err, c.interpreted)
	}
	f.OnLaunch(func(fake.Launch) cuda.Code { return cuda.IllegalAddress })
	if err := fault(context.Background(), c, log); err != nil {
		t.Errorf("fault = %v", err)
	}
	f.Reset()
	if err := fault(context.Background(), c, log); err == nil {
		t.Error("a kernel that should fault and does not was taken for one that does")
	}
}
