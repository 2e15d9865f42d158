//go:build linux && (amd64 || arm64) && !(cgo && nvml)

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/gpu/cuda/fake"
)

// devices runs the command and returns what it says, spaces once.
func devices(t *testing.T, asJSON bool) (out, note string) {
	t.Helper()
	var o, e bytes.Buffer
	if err := (devicesCmd{}).Run(&terminal{out: &o, err: &e, json: asJSON}); err != nil {
		t.Fatal(err)
	}
	if asJSON {
		return o.String(), e.String()
	}
	var lines []string
	for line := range strings.Lines(o.String()) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n"), e.String()
}

func TestDevicesSayWhatTheyAreAndWhyNot(t *testing.T) {
	fake.Management(t)
	f := fake.CUDA(t)
	f.Set("DEVICES", 2)
	f.Set("CAPABILITY", 70)
	out, note := devices(t, false)
	for _, want := range []string{
		"DEVICE MODEL CORES MEMORY BUSY POWER CUDA\nGPU-1111 Fake H100 0 80 GiB 42% 350 W not shown to this process\n",
		"GPU-2222 Fake H100 0 80 GiB 350 W its instances compute\nMIG-aaaa Fake H100 MIG 3g.40gb 0 40 GiB not shown",
		"GPU-3333 Fake GTX 0 8.0 GiB not shown to this process\n",
		"GPU-00010203-0405-0607-0809-0a0b0c0d0e0f Fake H100 0 1.0 GiB the device is too old\n",
		"\ncpu ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("devices prints\n%s\nwant %q", out, want)
		}
	}
	if !strings.Contains(note, "compute capability 7.0") || !strings.Contains(note, "\nhint: compute capability 7.5") {
		t.Errorf("devices notes %q", note)
	}
}

func TestDevicesWithoutADriver(t *testing.T) {
	t.Setenv("NVML_LIB", "/nowhere")
	t.Setenv("CUDA_DRIVER_LIB", "/nowhere")
	out, note := devices(t, true)
	var list []device
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 || !list[0].IsCPU() || !list[0].Usable {
		t.Errorf("devices prints %s (%v)", out, err)
	}
	if !strings.Contains(note, "no CUDA driver") || !strings.Contains(note, "hint: install NVIDIA's driver") {
		t.Errorf("devices notes %q", note)
	}
}

func TestDevicesThatCanBeUsedSayOfWhichCUDA(t *testing.T) {
	t.Setenv("NVML_LIB", "/nowhere")
	fake.CUDA(t)
	out, note := devices(t, true)
	var list []device
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 2 || !list[0].Usable || list[0].CUDA != "12.4 on 9.0" || note != "" {
		t.Errorf("devices prints %s, notes %q (%v)", out, note, err)
	}
}
