package gpu_test

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu"
)

func TestTheProcessorIsAlwaysADevice(t *testing.T) {
	ds, err := gpu.Devices()
	if err != nil {
		t.Fatal(err)
	}
	last := ds[len(ds)-1]
	if !last.IsCPU() || last.Cores != runtime.GOMAXPROCS(0) {
		t.Errorf("Devices ends with %+v; want the processor with %d cores", last, runtime.GOMAXPROCS(0))
	}
	if (runtime.GOOS == "linux" || runtime.GOOS == "darwin") && last.Memory < 64<<20 {
		t.Errorf("the processor has %d bytes of memory", last.Memory)
	}
}

var devices = []gpu.Device{{ID: "small", Memory: 10}, {ID: "large", Memory: 100}}

func TestADeviceIsHeldOnce(t *testing.T) {
	var b gpu.Book
	first, release, err := b.Take(devices, 10, time.Hour)
	if err != nil || first.ID != "small" {
		t.Fatalf("Take = %v, %v; want small", first, err)
	}
	second, _, err := b.Take(devices, 10, time.Hour)
	if err != nil || second.ID != "large" {
		t.Fatalf("Take = %v, %v; want large", second, err)
	}
	if _, _, err := b.Take(devices, 10, time.Hour); !errors.Is(err, gpu.ErrBusy) || !errors.Is(err, abi.Unavailable) {
		t.Errorf("Take of a third = %v; want ErrBusy", err)
	}
	if _, _, err := b.Take(devices, 101, time.Hour); !errors.Is(err, abi.NotFound) {
		t.Errorf("Take of more than there is = %v; want NotFound", err)
	}
	release()
	if again, _, err := b.Take(devices, 1, time.Hour); err != nil || again.ID != "small" {
		t.Errorf("Take after a release = %v, %v; want small", again, err)
	}
}

func TestALateReleaseFreesNobodyElsesDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b gpu.Book
		one := devices[:1]
		_, late, err := b.Take(one, 1, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if _, _, err := b.Take(one, 1, time.Hour); err != nil {
			t.Fatalf("Take after the lease ran out = %v", err)
		}
		late()
		if _, _, err := b.Take(one, 1, time.Hour); !errors.Is(err, gpu.ErrBusy) {
			t.Errorf("Take = %v; want ErrBusy, the second holder is still there", err)
		}
	})
}

func TestManyTakersShareTwoDevices(t *testing.T) {
	var b gpu.Book
	var held, most atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				_, release, err := b.Take(devices, 1, time.Hour)
				if err != nil {
					continue
				}
				most.Store(max(most.Load(), held.Add(1)))
				held.Add(-1)
				release()
			}
		})
	}
	wg.Wait()
	if most.Load() > 2 || most.Load() < 1 {
		t.Errorf("%d held two devices at once", most.Load())
	}
}
