package market

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/contracts"
)

// Credit is one whole credit in the token's smallest unit, in which all prices
// and amounts count.
const Credit = contracts.Credit

const decimals = 6

// FormatCredits writes an amount as a person reads it: 1500000 is "1.5 CLC".
func FormatCredits(units uint64) string { return amount(new(big.Int).SetUint64(units)) }

// ParseCredits reads a decimal number of credits, with or without " CLC", into
// smallest units. More than six decimals are Invalid.
func ParseCredits(s string) (uint64, error) {
	text := strings.TrimSuffix(s, " CLC")
	whole, frac, point := strings.Cut(text, ".")
	if point && frac == "" || len(frac) > decimals || whole == "" || len(whole) > 14 || strings.Trim(whole+frac, "0123456789") != "" {
		return 0, fmt.Errorf("market: amount %q: want credits with at most %d decimals: %w", s, decimals, abi.Invalid)
	}
	n, ok := new(big.Int).SetString(whole+frac+strings.Repeat("0", decimals-len(frac)), 10)
	if !ok || !n.IsUint64() {
		return 0, fmt.Errorf("market: amount %q is out of range: %w", s, abi.Invalid)
	}
	return n.Uint64(), nil
}

func amount(units *big.Int) string {
	whole, frac := new(big.Int).QuoRem(units, big.NewInt(Credit), new(big.Int))
	text := whole.String()
	if frac.Sign() != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%06d", frac), "0")
	}
	return text + " CLC"
}
