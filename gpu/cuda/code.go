package cuda

import (
	"strconv"

	"github.com/cloister-ai/cloister/abi"
)

// A Code is a CUresult.
type Code int32

// Codes that something here depends on; [Code.String] knows the others too.
const (
	InvalidValue       Code = 1
	OutOfMemory        Code = 2
	Deinitialized      Code = 4
	NoDevice           Code = 100
	InvalidDevice      Code = 101
	InvalidContext     Code = 201
	NoBinaryForGPU     Code = 209
	ECCUncorrectable   Code = 214
	InvalidPTX         Code = 218
	UnsupportedPTX     Code = 222
	NotFound           Code = 500
	NotReady           Code = 600
	IllegalAddress     Code = 700
	OutOfResources     Code = 701
	LaunchTimeout      Code = 702
	Assert             Code = 710
	HostRegistered     Code = 712
	HostNotRegistered  Code = 713
	HardwareStack      Code = 714
	IllegalInstruction Code = 715
	MisalignedAddress  Code = 716
	InvalidSpace       Code = 717
	InvalidPC          Code = 718
	LaunchFailed       Code = 719
	NotSupported       Code = 801
	SystemMismatch     Code = 803
	MPSServerLost      Code = 805
	MPSClientLost      Code = 810
	CaptureUnsupported Code = 900
	CaptureInvalidated Code = 901
	Unknown            Code = 999
)

// Sticky reports that every later call of the process fails too: cuda.h asks to
// end it. ECC errors, device asserts and unknown errors are held to be as bad.
func (c Code) Sticky() bool {
	switch c {
	case ECCUncorrectable, IllegalAddress, LaunchTimeout, Assert, MPSClientLost, Unknown:
		return true
	}
	return HardwareStack <= c && c <= LaunchFailed
}

// Kind classes c: what a device lacks or lost is Unavailable, another one may
// do; the rest is Internal, because no guest writes PTX or calls the driver.
func (c Code) Kind() abi.Kind {
	switch {
	case c.Sticky():
		return abi.Unavailable
	case c == OutOfMemory, 3 <= c && c < 9, 34 <= c && c < 50, NoDevice <= c && c < 200, 211 <= c && c < 218, 219 <= c && c < 222, c == 304,
		800 <= c && c < 900:
		return abi.Unavailable
	}
	return abi.Internal
}

// String is the name in cuda.h without its CUDA_ERROR_, in lower case with
// spaces: "illegal address".
func (c Code) String() string {
	if s, ok := codes[c]; ok {
		return s
	}
	return "error " + strconv.Itoa(int(c))
}

var codes = map[Code]string{
	0: "success", 1: "invalid value", 2: "out of memory", 3: "not initialized", 4: "deinitialized",
	5: "profiler disabled", 6: "profiler not initialized", 7: "profiler already started", 8: "profiler already stopped",
	34: "stub library", 36: "call requires newer driver", 46: "device unavailable",
	100: "no device", 101: "invalid device", 102: "device not licensed",
	200: "invalid image", 201: "invalid context", 202: "context already current", 205: "map failed", 206: "unmap failed",
	207: "array is mapped", 208: "already mapped", 209: "no binary for gpu", 210: "already acquired", 211: "not mapped",
	212: "not mapped as array", 213: "not mapped as pointer", 214: "ecc uncorrectable", 215: "unsupported limit",
	216: "context already in use", 217: "peer access unsupported", 218: "invalid ptx", 219: "invalid graphics context",
	220: "nvlink uncorrectable", 221: "jit compiler not found", 222: "unsupported ptx version",
	223: "jit compilation disabled", 224: "unsupported exec affinity", 225: "unsupported devside sync", 226: "contained",
	300: "invalid source", 301: "file not found", 302: "shared object symbol not found", 303: "shared object init failed",
	304: "operating system",
	400: "invalid handle", 401: "illegal state", 402: "lossy query",
	500: "not found", 600: "not ready",
	700: "illegal address", 701: "launch out of resources", 702: "launch timeout", 703: "launch incompatible texturing",
	704: "peer access already enabled", 705: "peer access not enabled", 708: "primary context active",
	709: "context is destroyed", 710: "assert", 711: "too many peers", 712: "host memory already registered",
	713: "host memory not registered", 714: "hardware stack error", 715: "illegal instruction", 716: "misaligned address",
	717: "invalid address space", 718: "invalid pc", 719: "launch failed", 720: "cooperative launch too large",
	721: "tensor memory leak",
	800: "not permitted", 801: "not supported", 802: "system not ready", 803: "system driver mismatch",
	804: "compat not supported on device", 805: "mps connection failed", 806: "mps rpc failure",
	807: "mps server not ready", 808: "mps max clients reached", 809: "mps max connections reached",
	810: "mps client terminated", 811: "cdp not supported", 812: "cdp version mismatch",
	900: "stream capture unsupported", 901: "stream capture invalidated", 902: "stream capture merge",
	903: "stream capture unmatched", 904: "stream capture unjoined", 905: "stream capture isolation",
	906: "stream capture implicit", 907: "captured event", 908: "stream capture wrong thread", 909: "timeout",
	910: "graph exec update failure", 911: "external device", 912: "invalid cluster size", 913: "function not loaded",
	914: "invalid resource type", 915: "invalid resource configuration", 916: "key rotation", 999: "unknown",
}
