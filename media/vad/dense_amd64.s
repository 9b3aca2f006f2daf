#include "textflag.h"

// A panel is 16 biases and then, column by column, 16 weights: two registers of
// eight at a time. A processor of this kind begins two fused multiply-adds per
// cycle and ends each after four or five, so eight sums must grow side by side.
// Loads need no alignment.

// func oneAVX2(sums *[4*panel]float32, weights, x []float32, least float32)
//
// Columns are taken by fours, each with two sums of its own: Y0 and Y1 to Y6 and Y7.
TEXT ·oneAVX2(SB), NOSPLIT, $0-60
	MOVQ sums+0(FP), DI
	MOVQ weights_base+8(FP), SI
	MOVQ x_base+32(FP), R8
	MOVQ x_len+40(FP), CX

	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	ADDQ    $64, SI
	VXORPS  Y2, Y2, Y2
	VXORPS  Y3, Y3, Y3
	VXORPS  Y4, Y4, Y4
	VXORPS  Y5, Y5, Y5
	VXORPS  Y6, Y6, Y6
	VXORPS  Y7, Y7, Y7
	SUBQ    $4, CX
	JLT     rest

fours:
	VBROADCASTSS (R8), Y8
	VBROADCASTSS 4(R8), Y9
	VBROADCASTSS 8(R8), Y10
	VBROADCASTSS 12(R8), Y11
	VFMADD231PS  (SI), Y8, Y0
	VFMADD231PS  32(SI), Y8, Y1
	VFMADD231PS  64(SI), Y9, Y2
	VFMADD231PS  96(SI), Y9, Y3
	VFMADD231PS  128(SI), Y10, Y4
	VFMADD231PS  160(SI), Y10, Y5
	VFMADD231PS  192(SI), Y11, Y6
	VFMADD231PS  224(SI), Y11, Y7
	ADDQ         $16, R8
	ADDQ         $256, SI
	SUBQ         $4, CX
	JGE          fours

rest:
	ADDQ $4, CX
	JZ   done

ones:
	VBROADCASTSS (R8), Y8
	VFMADD231PS  (SI), Y8, Y0
	VFMADD231PS  32(SI), Y8, Y1
	ADDQ         $4, R8
	ADDQ         $64, SI
	DECQ         CX
	JNZ          ones

done:
	VADDPS Y2, Y0, Y0
	VADDPS Y3, Y1, Y1
	VADDPS Y6, Y4, Y4
	VADDPS Y7, Y5, Y5
	VADDPS Y4, Y0, Y0
	VADDPS Y5, Y1, Y1

	VBROADCASTSS least+56(FP), Y8
	VMAXPS       Y8, Y0, Y0
	VMAXPS       Y8, Y1, Y1
	VMOVUPS      Y0, (DI)
	VMOVUPS      Y1, 32(DI)
	VZEROUPPER
	RET

// func fourAVX2(sums *[4*panel]float32, weights, x []float32, hop int, least float32)
//
// Each input has two sums: Y0 and Y1 to Y6 and Y7.
TEXT ·fourAVX2(SB), NOSPLIT, $0-68
	MOVQ sums+0(FP), DI
	MOVQ weights_base+8(FP), SI
	MOVQ x_base+32(FP), R8
	MOVQ x_len+40(FP), CX
	MOVQ hop+56(FP), AX

	LEAQ (AX)(AX*2), BX
	SUBQ BX, CX             // columns
	LEAQ (R8)(AX*4), R9
	LEAQ (R9)(AX*4), R10
	LEAQ (R10)(AX*4), R11

	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y1, Y3
	VMOVAPS Y0, Y4
	VMOVAPS Y1, Y5
	VMOVAPS Y0, Y6
	VMOVAPS Y1, Y7
	ADDQ    $64, SI
	XORQ    AX, AX
	TESTQ   CX, CX
	JLE     done

columns:
	VMOVUPS      (SI), Y8
	VMOVUPS      32(SI), Y9
	VBROADCASTSS (R8)(AX*4), Y10
	VBROADCASTSS (R9)(AX*4), Y11
	VBROADCASTSS (R10)(AX*4), Y12
	VBROADCASTSS (R11)(AX*4), Y13
	VFMADD231PS  Y8, Y10, Y0
	VFMADD231PS  Y9, Y10, Y1
	VFMADD231PS  Y8, Y11, Y2
	VFMADD231PS  Y9, Y11, Y3
	VFMADD231PS  Y8, Y12, Y4
	VFMADD231PS  Y9, Y12, Y5
	VFMADD231PS  Y8, Y13, Y6
	VFMADD231PS  Y9, Y13, Y7
	ADDQ         $64, SI
	INCQ         AX
	CMPQ         AX, CX
	JLT          columns

done:
	VBROADCASTSS least+64(FP), Y8
	VMAXPS       Y8, Y0, Y0
	VMAXPS       Y8, Y1, Y1
	VMAXPS       Y8, Y2, Y2
	VMAXPS       Y8, Y3, Y3
	VMAXPS       Y8, Y4, Y4
	VMAXPS       Y8, Y5, Y5
	VMAXPS       Y8, Y6, Y6
	VMAXPS       Y8, Y7, Y7
	VMOVUPS      Y0, (DI)
	VMOVUPS      Y1, 32(DI)
	VMOVUPS      Y2, 64(DI)
	VMOVUPS      Y3, 96(DI)
	VMOVUPS      Y4, 128(DI)
	VMOVUPS      Y5, 160(DI)
	VMOVUPS      Y6, 192(DI)
	VMOVUPS      Y7, 224(DI)
	VZEROUPPER
	RET
