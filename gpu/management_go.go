//go:build linux && cgo && nvml

package gpu

import "github.com/NVIDIA/go-nvml/pkg/nvml"

func newManagement() management { return goManagement{nvml.New()} }

// goManagement is go-nvml, as an interface, so that a test can hand it NVIDIA's
// own mock server instead of a machine with a card.
type goManagement struct{ lib nvml.Interface }

func (m goManagement) Init() nvmlReturn     { return nvmlReturn(m.lib.Init()) }
func (m goManagement) Shutdown() nvmlReturn { return nvmlReturn(m.lib.Shutdown()) }

func (m goManagement) Driver() (string, nvmlReturn) {
	s, r := m.lib.SystemGetDriverVersion()
	return s, nvmlReturn(r)
}

func (m goManagement) Count() (int, nvmlReturn) {
	n, r := m.lib.DeviceGetCount()
	return n, nvmlReturn(r)
}

func (m goManagement) Card(i int) (managed, nvmlReturn) {
	d, r := m.lib.DeviceGetHandleByIndex(i)
	return goManaged{d}, nvmlReturn(r)
}

type goManaged struct{ d nvml.Device }

func (d goManaged) UUID() (string, nvmlReturn) { s, r := d.d.GetUUID(); return s, nvmlReturn(r) }
func (d goManaged) Name() (string, nvmlReturn) { s, r := d.d.GetName(); return s, nvmlReturn(r) }

func (d goManaged) Memory() (total, used uint64, r nvmlReturn) {
	m, ret := d.d.GetMemoryInfo()
	return m.Total, m.Used, nvmlReturn(ret)
}

func (d goManaged) Divided() (bool, nvmlReturn) {
	now, _, r := d.d.GetMigMode()
	return now == nvml.DEVICE_MIG_ENABLE, nvmlReturn(r)
}

func (d goManaged) Slots() (int, nvmlReturn) {
	n, r := d.d.GetMaxMigDeviceCount()
	return n, nvmlReturn(r)
}

func (d goManaged) Instance(i int) (managed, nvmlReturn) {
	x, r := d.d.GetMigDeviceHandleByIndex(i)
	return goManaged{x}, nvmlReturn(r)
}

func (d goManaged) Busy() (int64, nvmlReturn) {
	u, r := d.d.GetUtilizationRates()
	return int64(u.Gpu), nvmlReturn(r)
}

func (d goManaged) Power() (int64, nvmlReturn) {
	n, r := d.d.GetPowerUsage()
	return int64(n), nvmlReturn(r)
}

func (d goManaged) Energy() (int64, nvmlReturn) {
	n, r := d.d.GetTotalEnergyConsumption()
	return int64(n), nvmlReturn(r)
}

func (d goManaged) ECC() (int64, nvmlReturn) {
	n, r := d.d.GetTotalEccErrors(nvml.MEMORY_ERROR_TYPE_UNCORRECTED, nvml.VOLATILE_ECC)
	return int64(n), nvmlReturn(r)
}

func (d goManaged) Processes(graphics bool) ([]Process, nvmlReturn) {
	ask := d.d.GetComputeRunningProcesses
	if graphics {
		ask = d.d.GetGraphicsRunningProcesses
	}
	infos, r := ask()
	var list []Process
	for _, p := range infos {
		list = append(list, Process{PID: int(p.Pid), Memory: memoryOf(p.UsedGpuMemory), Graphics: graphics})
	}
	return list, nvmlReturn(r)
}
