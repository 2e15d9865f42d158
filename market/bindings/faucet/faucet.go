// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package faucet

import (
	"bytes"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// Reference imports to suppress errors if they are not otherwise used.
var (
	_ = bytes.Equal
	_ = errors.New
	_ = big.NewInt
	_ = common.Big1
	_ = types.BloomLookup
	_ = abi.ConvertType
)

// FaucetMetaData contains all meta data concerning the Faucet contract.
var FaucetMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"address\",\"name\":\"operator_\",\"type\":\"address\"},{\"internalType\":\"contractCredits\",\"name\":\"credits_\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"creditsEach_\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"weiEach_\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"}],\"name\":\"AlreadyGranted\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"FailedCall\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"balance\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"needed\",\"type\":\"uint256\"}],\"name\":\"InsufficientBalance\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotOperator\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"coin\",\"type\":\"uint256\"}],\"name\":\"Granted\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"credits\",\"outputs\":[{\"internalType\":\"contractCredits\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"creditsEach\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"}],\"name\":\"grant\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"}],\"name\":\"granted\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"operator\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"weiEach\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"stateMutability\":\"payable\",\"type\":\"receive\"}]",
	ID:  "Faucet",
	Bin: "0x610100604052348015610010575f5ffd5b5060405161059638038061059683398101604081905261002f91610069565b6001600160a01b0393841660a0529190921660805260c09190915260e0526100ae565b6001600160a01b0381168114610066575f5ffd5b50565b5f5f5f5f6080858703121561007c575f5ffd5b845161008781610052565b602086015190945061009881610052565b6040860151606090960151949790965092505050565b60805160a05160c05160e05161048d6101095f395f81816101a5015281816102ca01526103a201525f81816082015281816102a8015261031f01525f818161011301526101d201525f818160c80152610345015261048d5ff3fe608060405260043610610066575f3560e01c806370284d191161004157806370284d191461013557806385aa6e0914610156578063f2146cb414610194575f5ffd5b80630c6e55ca1461007157806326540fd2146100b7578063570ca73514610102575f5ffd5b3661006d57005b5f5ffd5b34801561007c575f5ffd5b506100a47f000000000000000000000000000000000000000000000000000000000000000081565b6040519081526020015b60405180910390f35b3480156100c2575f5ffd5b506100ea7f000000000000000000000000000000000000000000000000000000000000000081565b6040516001600160a01b0390911681526020016100ae565b34801561010d575f5ffd5b506100ea7f000000000000000000000000000000000000000000000000000000000000000081565b348015610140575f5ffd5b5061015461014f366004610460565b6101c7565b005b348015610161575f5ffd5b50610184610170366004610460565b5f6020819052908152604090205460ff1681565b60405190151581526020016100ae565b34801561019f575f5ffd5b506100a47f000000000000000000000000000000000000000000000000000000000000000081565b336001600160a01b037f0000000000000000000000000000000000000000000000000000000000000000161461021757604051633b63649d60e11b81523360048201526024015b60405180910390fd5b6001600160a01b0381165f9081526020819052604090205460ff161561025b5760405163dd252c2160e01b81526001600160a01b038216600482015260240161020e565b6001600160a01b0381165f8181526020819052604090819020805460ff19166001179055517f830cad818db7fa43ac6053f645136c5d74a8a18439a8e0ed6735fbddff43fdd6906102f8907f0000000000000000000000000000000000000000000000000000000000000000907f000000000000000000000000000000000000000000000000000000000000000090918252602082015260400190565b60405180910390a26040516340c10f1960e01b81526001600160a01b0382811660048301527f000000000000000000000000000000000000000000000000000000000000000060248301527f000000000000000000000000000000000000000000000000000000000000000016906340c10f19906044015f604051808303815f87803b158015610386575f5ffd5b505af1158015610398573d5f5f3e3d5ffd5b505050506103c6817f00000000000000000000000000000000000000000000000000000000000000006103c9565b50565b804710156103f35760405163cf47918160e01b81524760048201526024810182905260440161020e565b61040c828260405180602001604052805f815250610440565b15610415575050565b3d1561042757610423610455565b5050565b60405163d6bda27560e01b815260040160405180910390fd5b5f5f5f83516020850186885af1949350505050565b6040513d5f823e3d81fd5b5f60208284031215610470575f5ffd5b81356001600160a01b0381168114610486575f5ffd5b939250505056",
}

// Faucet is an auto generated Go binding around an Ethereum contract.
type Faucet struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *Faucet) GetABI() abi.ABI {
	return c.abi
}

// NewFaucet creates a new instance of Faucet.
func NewFaucet() *Faucet {
	parsed, err := FaucetMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &Faucet{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *Faucet) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address operator_, address credits_, uint256 creditsEach_, uint256 weiEach_) returns()
func (faucet *Faucet) PackConstructor(operator_ common.Address, credits_ common.Address, creditsEach_ *big.Int, weiEach_ *big.Int) []byte {
	enc, err := faucet.abi.Pack("", operator_, credits_, creditsEach_, weiEach_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackCredits is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x26540fd2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function credits() view returns(address)
func (faucet *Faucet) PackCredits() []byte {
	enc, err := faucet.abi.Pack("credits")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCredits is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x26540fd2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function credits() view returns(address)
func (faucet *Faucet) TryPackCredits() ([]byte, error) {
	return faucet.abi.Pack("credits")
}

// UnpackCredits is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x26540fd2.
//
// Solidity: function credits() view returns(address)
func (faucet *Faucet) UnpackCredits(data []byte) (common.Address, error) {
	out, err := faucet.abi.Unpack("credits", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackCreditsEach is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0c6e55ca.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function creditsEach() view returns(uint256)
func (faucet *Faucet) PackCreditsEach() []byte {
	enc, err := faucet.abi.Pack("creditsEach")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCreditsEach is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0c6e55ca.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function creditsEach() view returns(uint256)
func (faucet *Faucet) TryPackCreditsEach() ([]byte, error) {
	return faucet.abi.Pack("creditsEach")
}

// UnpackCreditsEach is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x0c6e55ca.
//
// Solidity: function creditsEach() view returns(uint256)
func (faucet *Faucet) UnpackCreditsEach(data []byte) (*big.Int, error) {
	out, err := faucet.abi.Unpack("creditsEach", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackGrant is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70284d19.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function grant(address to) returns()
func (faucet *Faucet) PackGrant(to common.Address) []byte {
	enc, err := faucet.abi.Pack("grant", to)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGrant is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70284d19.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function grant(address to) returns()
func (faucet *Faucet) TryPackGrant(to common.Address) ([]byte, error) {
	return faucet.abi.Pack("grant", to)
}

// PackGranted is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x85aa6e09.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function granted(address to) view returns(bool)
func (faucet *Faucet) PackGranted(to common.Address) []byte {
	enc, err := faucet.abi.Pack("granted", to)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGranted is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x85aa6e09.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function granted(address to) view returns(bool)
func (faucet *Faucet) TryPackGranted(to common.Address) ([]byte, error) {
	return faucet.abi.Pack("granted", to)
}

// UnpackGranted is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x85aa6e09.
//
// Solidity: function granted(address to) view returns(bool)
func (faucet *Faucet) UnpackGranted(data []byte) (bool, error) {
	out, err := faucet.abi.Unpack("granted", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackOperator is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x570ca735.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function operator() view returns(address)
func (faucet *Faucet) PackOperator() []byte {
	enc, err := faucet.abi.Pack("operator")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackOperator is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x570ca735.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function operator() view returns(address)
func (faucet *Faucet) TryPackOperator() ([]byte, error) {
	return faucet.abi.Pack("operator")
}

// UnpackOperator is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x570ca735.
//
// Solidity: function operator() view returns(address)
func (faucet *Faucet) UnpackOperator(data []byte) (common.Address, error) {
	out, err := faucet.abi.Unpack("operator", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackWeiEach is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf2146cb4.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function weiEach() view returns(uint256)
func (faucet *Faucet) PackWeiEach() []byte {
	enc, err := faucet.abi.Pack("weiEach")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackWeiEach is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf2146cb4.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function weiEach() view returns(uint256)
func (faucet *Faucet) TryPackWeiEach() ([]byte, error) {
	return faucet.abi.Pack("weiEach")
}

// UnpackWeiEach is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf2146cb4.
//
// Solidity: function weiEach() view returns(uint256)
func (faucet *Faucet) UnpackWeiEach(data []byte) (*big.Int, error) {
	out, err := faucet.abi.Unpack("weiEach", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// FaucetGranted represents a Granted event raised by the Faucet contract.
type FaucetGranted struct {
	To     common.Address
	Amount *big.Int
	Coin   *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const FaucetGrantedEventName = "Granted"

// ContractEventName returns the user-defined event name.
func (FaucetGranted) ContractEventName() string {
	return FaucetGrantedEventName
}

// UnpackGrantedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Granted(address indexed to, uint256 amount, uint256 coin)
func (faucet *Faucet) UnpackGrantedEvent(log *types.Log) (*FaucetGranted, error) {
	event := "Granted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != faucet.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(FaucetGranted)
	if len(log.Data) > 0 {
		if err := faucet.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range faucet.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// UnpackError attempts to decode the provided error data using user-defined
// error definitions.
func (faucet *Faucet) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], faucet.abi.Errors["AlreadyGranted"].ID.Bytes()[:4]) {
		return faucet.UnpackAlreadyGrantedError(raw[4:])
	}
	if bytes.Equal(raw[:4], faucet.abi.Errors["FailedCall"].ID.Bytes()[:4]) {
		return faucet.UnpackFailedCallError(raw[4:])
	}
	if bytes.Equal(raw[:4], faucet.abi.Errors["InsufficientBalance"].ID.Bytes()[:4]) {
		return faucet.UnpackInsufficientBalanceError(raw[4:])
	}
	if bytes.Equal(raw[:4], faucet.abi.Errors["NotOperator"].ID.Bytes()[:4]) {
		return faucet.UnpackNotOperatorError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// FaucetAlreadyGranted represents a AlreadyGranted error raised by the Faucet contract.
type FaucetAlreadyGranted struct {
	To common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyGranted(address to)
func FaucetAlreadyGrantedErrorID() common.Hash {
	return common.HexToHash("0xdd252c211381dcd4d379a9bc368aaaff056857ac01244fb6e5fa80cc99ff1ccd")
}

// UnpackAlreadyGrantedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyGranted(address to)
func (faucet *Faucet) UnpackAlreadyGrantedError(raw []byte) (*FaucetAlreadyGranted, error) {
	out := new(FaucetAlreadyGranted)
	if err := faucet.abi.UnpackIntoInterface(out, "AlreadyGranted", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// FaucetFailedCall represents a FailedCall error raised by the Faucet contract.
type FaucetFailedCall struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error FailedCall()
func FaucetFailedCallErrorID() common.Hash {
	return common.HexToHash("0xd6bda27508c0fb6d8a39b4b122878dab26f731a7d4e4abe711dd3731899052a4")
}

// UnpackFailedCallError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error FailedCall()
func (faucet *Faucet) UnpackFailedCallError(raw []byte) (*FaucetFailedCall, error) {
	out := new(FaucetFailedCall)
	if err := faucet.abi.UnpackIntoInterface(out, "FailedCall", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// FaucetInsufficientBalance represents a InsufficientBalance error raised by the Faucet contract.
type FaucetInsufficientBalance struct {
	Balance *big.Int
	Needed  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InsufficientBalance(uint256 balance, uint256 needed)
func FaucetInsufficientBalanceErrorID() common.Hash {
	return common.HexToHash("0xcf4791818fba6e019216eb4864093b4947f674afada5d305e57d598b641dad1d")
}

// UnpackInsufficientBalanceError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InsufficientBalance(uint256 balance, uint256 needed)
func (faucet *Faucet) UnpackInsufficientBalanceError(raw []byte) (*FaucetInsufficientBalance, error) {
	out := new(FaucetInsufficientBalance)
	if err := faucet.abi.UnpackIntoInterface(out, "InsufficientBalance", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// FaucetNotOperator represents a NotOperator error raised by the Faucet contract.
type FaucetNotOperator struct {
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotOperator(address caller)
func FaucetNotOperatorErrorID() common.Hash {
	return common.HexToHash("0x76c6c93a6423c7e2cef5f93921b1d4d1a5ffb795cd7cfed2df95566b7c7f7c40")
}

// UnpackNotOperatorError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotOperator(address caller)
func (faucet *Faucet) UnpackNotOperatorError(raw []byte) (*FaucetNotOperator, error) {
	out := new(FaucetNotOperator)
	if err := faucet.abi.UnpackIntoInterface(out, "NotOperator", raw); err != nil {
		return nil, err
	}
	return out, nil
}
