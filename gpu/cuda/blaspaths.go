package cuda

import (
	"os"
	"path/filepath"
	"runtime"
)

// BLASPaths lists where cuBLASLt may be, best first, for a driver that speaks that
// version of CUDA: what CUBLASLT_LIB says, or CUDA 13's before 12's in the loader's
// path, the toolkit, the distribution, the active conda and Python environments, and
// what pip installed for this user and for all. A process without its user's
// environment is told a path instead.
func BLASPaths(driver int) []string {
	if path := os.Getenv("CUBLASLT_LIB"); path != "" {
		return []string{path}
	}
	var list []string
	if driver >= 13000 {
		list = blasPaths("13", "nvidia/cu13/lib")
	}
	return append(list, blasPaths("12", "nvidia/cublas/lib")...)
}

// blasPaths lists the places of one major version; pip is its folder in Python's site-packages.
func blasPaths(major, pip string) []string {
	name := "libcublasLt.so." + major
	triple, target := "x86_64-linux-gnu", "x86_64-linux"
	if runtime.GOARCH == "arm64" {
		triple, target = "aarch64-linux-gnu", "sbsa-linux"
	}
	list := []string{name}
	add := func(parts ...string) {
		found, err := filepath.Glob(filepath.Join(append(parts, name)...))
		if err == nil { // the only error is a pattern that is none: a folder with [ in its name
			list = append(list, found...)
		}
	}
	for _, root := range []string{os.Getenv("CUDA_HOME"), os.Getenv("CUDA_PATH"), "/usr/local/cuda", "/usr/local/cuda-" + major + "*"} {
		if root != "" {
			add(root, "lib64")
			add(root, "targets", target, "lib")
		}
	}
	add("/usr/lib", triple)
	add("/usr/lib64")
	if root := os.Getenv("CONDA_PREFIX"); root != "" {
		add(root, "lib")
		add(root, "lib", "python3*", "site-packages", pip)
	}
	for _, root := range []string{os.Getenv("VIRTUAL_ENV"), filepath.Join(os.Getenv("HOME"), ".local"), "/usr/local", "/opt/conda"} {
		if filepath.IsAbs(root) {
			add(root, "lib", "python3*", "*-packages", pip)
		}
	}
	return list
}
