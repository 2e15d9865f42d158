// Package ptxvm runs PTX text: a machine in Go that stands in for a CUDA device
// in tests. It is strict rather than fast. What a card would let pass, or get
// wrong only sometimes, is a [Fault] here that names the kernel, the line, the
// instruction, the block and the thread.
//
//	m, err := ptxvm.Parse(text)
//	dev := ptxvm.New(ptxvm.Config{Capability: 80})
//	l, err := dev.Load(m)
//	err = l.Launch("k", grid, block, 0, params)   // errors.Is(err, ptxvm.Race)
//
// [NewDriver] puts the same machine behind the interface of gpu/cuda.
//
// # What is modelled
//
//   - The text: .entry kernels for sm_75 and later with parameters, registers,
//     .shared, .local, .global and .const variables, nested scopes. Types of
//     operands are checked as the assembler does; an instruction that the
//     declared version or target lacks, or that the machine does not know, is an
//     error of Parse.
//   - Arithmetic: integers, f32, f64, f16, bf16 and their pairs, rounded once in
//     every mode, with .ftz and .sat. Approximations are off by up to what the
//     manual allows, so that nothing comes to rely on more; powers of two are exact.
//     NaN have one bit pattern. Every run gives the same bits on every host.
//   - Memory: bounds of each allocation, alignment, and for every byte whether it
//     was ever written. Registers too.
//   - Order: vector clocks of warps say what is before what. Two threads that
//     touch a place with nothing between them, one of them writing, are a race,
//     in shared and in global memory, within a warp, a block and a grid. Barriers,
//     bar.warp.sync, mbarriers and ordered or fenced atomics are what can be between.
//   - Warps: 32 lanes in lock step; lanes that diverge meet at the immediate
//     post-dominator. Barriers and .aligned instructions that a part of a warp
//     reaches, member masks that do not fit, and waits without end are faults.
//   - Asynchronous work: cp.async, mbarriers, bulk copies and tensor copies (TMA)
//     with all swizzles, wgmma. Each is as late as it may be: operands of wgmma
//     are read when it is waited for, bulk copies land when nothing else can run,
//     the last first, and what is in flight belongs to nobody. Shared memory
//     that ordinary stores wrote needs fence.proxy.async before those engines read it.
//   - Tensor cores: mma.sync m16n8k4 to k32 of f16, bf16, tf32 and bytes, ldmatrix,
//     stmatrix, wgmma of the same types from registers and from every layout of
//     shared memory. Sums are exact and rounded once; a card's are not.
//   - Limits: threads, shared memory, an estimate of registers, PTX version of the
//     driver, target of the card, an instruction budget.
//
// # What is not
//
//   - .func and calls, textures, surfaces, clusters of more than one block (every
//     block is a cluster of its own), cooperative launches, multicast, im2col,
//     sparse and 4- and 8-bit float products, wgmma base offsets.
//   - Blocks run one after another and are never interleaved: a block that waits
//     for a later one is endless, here as on a card that is full.
//   - Within a warp races are found between lanes of different moments of the
//     warp, so that any synchronisation by one lane counts for all; what another
//     block was handed by an atomic counts for a whole block.
//   - setmaxnreg is checked for its form alone. The bits of an encoded tensor map
//     are the machine's own. Caches, banks and time are not modelled: clocks count
//     instructions.
//
// With [Config.Fast] races are not looked for, and blocks of kernels without
// atomics run on all cores.
package ptxvm
