package kernel

//go:generate go -C ../../internal/tools run ./kernelgen -part tile -out ../../gpu/kernel/tile_amd64.s -stubs ../../gpu/kernel/tile_amd64.go -pkg kernel
//go:generate go -C ../../internal/tools run ./kernelgen -part transpose -out ../../gpu/kernel/transpose_amd64.s -stubs ../../gpu/kernel/transpose_amd64.go -pkg kernel
//go:generate go -C ../../internal/tools run ./kernelgen -part math -out ../../gpu/kernel/math_amd64.s -stubs ../../gpu/kernel/math_amd64.go -pkg kernel
//go:generate go -C ../../internal/tools run ./kernelgen -part window -out ../../gpu/kernel/window_amd64.s -stubs ../../gpu/kernel/window_amd64.go -pkg kernel
//go:generate go -C ../../internal/tools run ./kernelgen -part dots -out ../../gpu/kernel/dots_amd64.s -stubs ../../gpu/kernel/dots_amd64.go -pkg kernel
//go:generate go -C ../../internal/tools run ./kernelgen -part integers -out ../../gpu/kernel/integers_amd64.s -stubs ../../gpu/kernel/integers_amd64.go -pkg kernel
//go:generate go -C ../../internal/tools run ./kernelgen -part pairs -out ../../gpu/kernel/pairs_amd64.s -stubs ../../gpu/kernel/pairs_amd64.go -pkg kernel
//go:generate go -C ../../internal/tools run ./kernelgen -part winograd -out ../../gpu/kernel/winograd_amd64.s -stubs ../../gpu/kernel/winograd_amd64.go -pkg kernel
//go:generate go -C ../../internal/tools run ./kernelgen -sums ../../gpu/kernel/testdata/kernelgen.sum
