#include "textflag.h"

// The kernels multiply and add in two instructions: a fused one would round once
// instead of twice and give other bits than kernelGo.

// ROW adds the broadcast element at addr times the row of b in Y8, Y9 to lo, hi.
#define ROW(addr, lo, hi) \
	VBROADCASTSS addr, Y10     \
	VMULPS       Y8, Y10, Y11  \
	VMULPS       Y9, Y10, Y12  \
	VADDPS       Y11, lo, lo   \
	VADDPS       Y12, hi, hi

// func kernel4x16(k int, a *float32, rs, cs int, b, c *float32, ldc int, load bool)
TEXT ·kernel4x16(SB), NOSPLIT, $0-57
	MOVQ k+0(FP), CX
	MOVQ a+8(FP), SI
	MOVQ rs+16(FP), R8
	MOVQ cs+24(FP), R9
	MOVQ b+32(FP), DI
	MOVQ c+40(FP), DX
	MOVQ ldc+48(FP), R11
	SHLQ $2, R8
	SHLQ $2, R9
	SHLQ $2, R11
	LEAQ (SI)(R8*1), R10 // rows 1 to 3 of a
	LEAQ (SI)(R8*2), R12
	LEAQ (R12)(R8*1), R13
	LEAQ (DX)(R11*1), R8 // rows 1 to 3 of c
	LEAQ (DX)(R11*2), AX
	LEAQ (AX)(R11*1), R11
	XORQ BX, BX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	CMPB load+56(FP), $0
	JEQ  loop
	VMOVUPS (DX), Y0
	VMOVUPS 32(DX), Y1
	VMOVUPS (R8), Y2
	VMOVUPS 32(R8), Y3
	VMOVUPS (AX), Y4
	VMOVUPS 32(AX), Y5
	VMOVUPS (R11), Y6
	VMOVUPS 32(R11), Y7

loop:
	VMOVUPS (DI), Y8
	VMOVUPS 32(DI), Y9
	ROW((SI)(BX*1), Y0, Y1)
	ROW((R10)(BX*1), Y2, Y3)
	ROW((R12)(BX*1), Y4, Y5)
	ROW((R13)(BX*1), Y6, Y7)
	ADDQ R9, BX
	ADDQ $64, DI
	DECQ CX
	JNZ  loop
	VMOVUPS Y0, (DX)
	VMOVUPS Y1, 32(DX)
	VMOVUPS Y2, (R8)
	VMOVUPS Y3, 32(R8)
	VMOVUPS Y4, (AX)
	VMOVUPS Y5, 32(AX)
	VMOVUPS Y6, (R11)
	VMOVUPS Y7, 32(R11)
	VZEROUPPER
	RET

// func kernel1x16(k int, a *float32, cs int, b, c *float32, load bool)
TEXT ·kernel1x16(SB), NOSPLIT, $0-41
	MOVQ k+0(FP), CX
	MOVQ a+8(FP), SI
	MOVQ cs+16(FP), R9
	MOVQ b+24(FP), DI
	MOVQ c+32(FP), DX
	SHLQ $2, R9
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	CMPB load+40(FP), $0
	JEQ  loop
	VMOVUPS (DX), Y0
	VMOVUPS 32(DX), Y1

loop:
	VMOVUPS (DI), Y8
	VMOVUPS 32(DI), Y9
	ROW((SI), Y0, Y1)
	ADDQ R9, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  loop
	VMOVUPS Y0, (DX)
	VMOVUPS Y1, 32(DX)
	VZEROUPPER
	RET
