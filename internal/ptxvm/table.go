package ptxvm

// decoders maps the first word of an instruction to what decodes it.
var decoders = map[string]func(d *decoder){
	// arithmetic
	"add": decodeAdd, "sub": decodeAdd, "mul": decodeMul, "mad": decodeFMA, "fma": decodeFMA,
	"div": decodeDiv, "rem": decodeDiv, "min": decodeMinMax, "max": decodeMinMax,
	"neg": decodeSign, "abs": decodeSign, "copysign": decodeCopySign,
	"sqrt": decodeRoot, "rcp": decodeRoot,
	"rsqrt": decodeApprox, "ex2": decodeApprox, "lg2": decodeApprox, "sin": decodeApprox, "cos": decodeApprox, "tanh": decodeApprox,

	// bits
	"and": decodeLogic, "or": decodeLogic, "xor": decodeLogic, "not": decodeLogic, "cnot": decodeLogic, "lop3": decodeLogic3,
	"shl": decodeShift, "shr": decodeShift, "shf": decodeFunnel,
	"popc": decodeCount, "clz": decodeCount, "brev": decodeCount, "bfind": decodeCount,
	"bfe": decodeExtract, "bfi": decodeInsert, "prmt": decodePermute, "dp4a": decodeDot, "dp2a": decodeDot,

	// comparison and selection
	"setp": decodeSetp, "set": decodeSet, "selp": decodeSelp, "slct": decodeSlct, "testp": decodeTestp,

	// moves and conversion
	"mov": decodeMov, "cvt": decodeCvt, "cvta": decodeCvta, "isspacep": decodeIsSpace,

	// memory
	"ld": decodeLd, "ldu": decodeLd, "st": decodeSt, "atom": decodeAtom, "red": decodeAtom,
	"prefetch": decodePrefetch, "prefetchu": decodePrefetch,
	"cp": decodeCp, "mbarrier": decodeMbarrier,

	// flow
	"bra": decodeBra, "ret": decodeLeave, "exit": decodeLeave, "trap": decodeTrap,
	"bar": decodeBar, "barrier": decodeBar, "membar": decodeFence, "fence": decodeFence, "nanosleep": decodeSleep,

	// within a warp
	"shfl": decodeShfl, "vote": decodeVote, "activemask": decodeActiveMask, "match": decodeMatch, "redux": decodeRedux, "elect": decodeElect,

	// tensor cores
	"mma": decodeMMA, "ldmatrix": decodeLdMatrix, "stmatrix": decodeLdMatrix, "wgmma": decodeWgmma, "setmaxnreg": decodeSetMaxReg,
}
