// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

/// @title What assets are paid in: ERC-20 with permit (ERC-2612) and signed transfers (ERC-3009).
/// @notice The cap is fixed at deployment. Nobody can burn, freeze or move somebody else's credits.
contract Credits is ERC20, ERC20Capped, ERC20Permit, ERC3009, AccessControl {
    bytes32 public constant MINTER = keccak256("MINTER");

    constructor(address admin, address minter, uint256 maxSupply)
        ERC20("Cloister Credit", "CLC")
        ERC20Permit("Cloister Credit")
        ERC20Capped(maxSupply)
    {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        if (minter != address(0)) _grantRole(MINTER, minter);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 value) external onlyRole(MINTER) {
        _mint(to, value);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Capped) {
        super._update(from, to, value);
    }
}
