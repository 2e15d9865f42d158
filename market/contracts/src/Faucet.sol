// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Credits} from "./Credits.sol";

/// @title Gives a newcomer on an embedded chain what a first purchase takes: credits and coin for gas.
/// @notice Once an address, and only when the chain's operator says so.
contract Faucet {
    Credits public immutable credits;
    address public immutable operator;
    uint256 public immutable creditsEach;
    uint256 public immutable weiEach;

    mapping(address to => bool) public granted;

    event Granted(address indexed to, uint256 amount, uint256 coin);

    error NotOperator(address caller);
    error AlreadyGranted(address to);

    constructor(address operator_, Credits credits_, uint256 creditsEach_, uint256 weiEach_) {
        operator = operator_;
        credits = credits_;
        creditsEach = creditsEach_;
        weiEach = weiEach_;
    }

    receive() external payable {}

    function grant(address to) external {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        if (granted[to]) revert AlreadyGranted(to);
        granted[to] = true;
        emit Granted(to, creditsEach, weiEach);
        credits.mint(to, creditsEach);
        Address.sendValue(payable(to), weiEach);
    }
}
