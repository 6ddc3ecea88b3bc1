//! How a command ends: an exit code, and for failures what failed, why, and what to do about it.

use std::error::Error;

use serde_json::{Value, json};

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for is done.
    Ok = 0,
    /// Jarvix failed.
    Failed = 1,
    /// The command line, a setting or an input is not usable as given.
    Usage = 2,
    /// The run is finished, but more pages failed than `--max-failed` allows.
    TooManyFailed = 3,
    /// Stopped on request; the run can be continued.
    Interrupted = 130,
}

/// A failed command.
#[derive(Debug)]
pub struct CliError {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    help: Option<String>,
    broken_pipe: bool,
}

impl CliError {
    /// A failure of Jarvix or the machine: exit code 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.into(),
            causes: Vec::new(),
            help: None,
            broken_pipe: false,
        }
    }

    /// Something the user can put right on the command line: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::failed(message) }
    }

    /// `message`, because of `error`.
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let text = error.to_string();
            // Many errors repeat their source in their own text.
            if !self.message.contains(&text) && !self.causes.iter().any(|c| c.contains(&text)) {
                self.causes.push(text);
            }
            cause = error.source();
        }
        self
    }

    /// What to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether it is only that nobody reads the output any more.
    pub fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The form for people, several lines.
    pub fn to_text(&self) -> String {
        let mut text = format!("error: {}\n", crate::output::plain(&self.message));
        for cause in &self.causes {
            text.push_str(&format!("  because: {}\n", crate::output::plain(cause)));
        }
        if let Some(help) = &self.help {
            text.push_str(&format!("  help: {}\n", crate::output::plain(help)));
        }
        text
    }

    /// The form for programmes.
    pub fn to_json(&self) -> Value {
        let kind = match self.exit {
            Exit::Usage => "usage",
            Exit::Interrupted => "interrupted",
            _ => "failed",
        };
        json!({
            "schema": "jarvix.error/1",
            "ok": false,
            "error": {
                "kind": kind,
                "message": self.message,
                "causes": self.causes,
                "help": self.help,
            },
            "exit_code": self.exit as i32,
        })
    }
}

impl<E: Error + 'static> From<E> for CliError {
    fn from(error: E) -> Self {
        let mut cli = Self::failed(error.to_string());
        let io = (&error as &(dyn Error + 'static)).downcast_ref::<std::io::Error>();
        cli.broken_pipe = io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe);
        if let Some(source) = error.source() {
            cli = cli.because(source);
        }
        cli
    }
}
