//! What an attacker would try, and how it is refused. Each test says in its comment which attack it tries and how often; the
//! table in docs/reliability.md is made of that.

mod authorize;
mod consent;
mod mcp;
mod store;
mod token;
mod web;
