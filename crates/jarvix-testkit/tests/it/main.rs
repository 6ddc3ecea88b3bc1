//! The servers do what their scripts say: a hostile test proves nothing if its server is tame.

mod hostile;
mod temp;
mod tls;
