package soundcode

// A Reed-Solomon code over symbols of six bits (the field of 64 elements modulo
// x^6+x+1; the generator's roots are the powers 0..parity-1 of x). A codeword of
// up to 63 symbols ends with its parity; each known bad place costs one symbol of
// parity, each unknown one two.

const order = 63 // of x

var (
	power      [2 * order]byte // powers of x, twice, so that sums of logarithms need no modulo
	logOf      [order + 1]int
	generators [maxBlock][]byte // by the number of parity symbols
)

func init() {
	x := 1
	for i := range order {
		power[i], power[i+order] = byte(x), byte(x)
		logOf[x] = i
		if x <<= 1; x > order {
			x ^= 0x43
		}
	}
	for parity := range generators {
		generators[parity] = generator(parity)
	}
}

func mul(a, b byte) byte {
	if a == 0 || b == 0 {
		return 0
	}
	return power[logOf[a]+logOf[b]]
}

func div(a, b byte) byte {
	if a == 0 {
		return 0
	}
	return power[logOf[a]+order-logOf[b]]
}

// generator is the product of (z - x^i), the highest power first, without its
// leading 1.
func generator(parity int) []byte {
	g := []byte{1}
	for i := range parity {
		next := append(append([]byte(nil), g...), 0)
		for j, c := range g {
			next[j+1] ^= mul(c, power[i])
		}
		g = next
	}
	return g[1:]
}

// protect fills in the parity at the end of word.
func protect(word, gen []byte) {
	data, parity := word[:len(word)-len(gen)], word[len(word)-len(gen):]
	clear(parity)
	for _, b := range data {
		factor := b ^ parity[0]
		copy(parity, parity[1:])
		parity[len(parity)-1] = 0
		for j, g := range gen {
			parity[j] ^= mul(factor, g)
		}
	}
}

// solver is the scratch space of repair.
type solver struct {
	syndrome, lambda, b, t, omega [order + 1]byte
}

// repair corrects word in place, given the places known to be bad, and returns
// how many symbols elsewhere were wrong. It answers false when the word is beyond
// repair or so close to it (2*wrong+len(erased) above parity-spare) that
// another word may have been meant.
func (s *solver) repair(word []byte, parity int, erased []int) (wrong int, ok bool) {
	n := len(word)
	if len(erased) > parity-spare {
		return 0, false
	}
	clean := true
	for i := range parity {
		sum := byte(0)
		for _, b := range word {
			sum = mul(sum, power[i]) ^ b
		}
		s.syndrome[i] = sum
		clean = clean && sum == 0
	}
	if clean {
		return 0, true
	}
	s.locate(n, parity, erased)
	degree := parity
	for degree > 0 && s.lambda[degree] == 0 {
		degree--
	}
	wrong = degree - len(erased)
	if wrong < 0 || 2*wrong+len(erased) > parity-spare {
		return 0, false
	}
	for i := range parity { // omega = syndrome * lambda
		sum := byte(0)
		for j := 0; j <= min(i, degree); j++ {
			sum ^= mul(s.lambda[j], s.syndrome[i-j])
		}
		s.omega[i] = sum
	}
	roots := 0
	for at := range n { // Chien search and Forney's formula
		x := n - 1 - at
		inverse := (order - x) % order
		value, slope := byte(0), byte(0)
		for j := range degree + 1 {
			term := byte(0)
			if s.lambda[j] != 0 {
				term = power[(logOf[s.lambda[j]]+inverse*j)%order]
			}
			value ^= term
			if j&1 == 1 {
				slope ^= term // inverse times the derivative
			}
		}
		if value != 0 {
			continue
		}
		roots++
		if slope == 0 {
			return 0, false
		}
		sum := byte(0)
		for i := parity - 1; i >= 0; i-- {
			sum = mul(sum, power[inverse]) ^ s.omega[i]
		}
		word[at] ^= div(sum, slope)
	}
	return wrong, roots == degree
}

// locate finds the polynomial whose roots are the bad places (Berlekamp and
// Massey, begun with those known).
func (s *solver) locate(n, parity int, erased []int) {
	clear(s.lambda[:])
	s.lambda[0] = 1
	for k, at := range erased {
		x := power[n-1-at]
		for j := k + 1; j > 0; j-- {
			s.lambda[j] ^= mul(s.lambda[j-1], x)
		}
	}
	s.b = s.lambda
	length := len(erased)
	for r := len(erased) + 1; r <= parity; r++ {
		miss := byte(0)
		for i := 0; i < r; i++ {
			miss ^= mul(s.lambda[i], s.syndrome[r-1-i])
		}
		if miss == 0 {
			copy(s.b[1:], s.b[:order])
			s.b[0] = 0
			continue
		}
		s.t = s.lambda
		for i := range parity {
			s.t[i+1] ^= mul(miss, s.b[i])
		}
		if 2*length <= r+len(erased)-1 {
			length = r + len(erased) - length
			for i := range s.b {
				s.b[i] = div(s.lambda[i], miss)
			}
		} else {
			copy(s.b[1:], s.b[:order])
			s.b[0] = 0
		}
		s.lambda = s.t
	}
}
