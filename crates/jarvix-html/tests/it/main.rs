//! The decoder, the charsets and the tokenizer against bodies as they come: whole, cut, lying,
//! hostile.

mod charset;
mod decode;
mod sniff;
mod tokenizer;
