//! Standard input comes once. Before it is read it is copied into the run, so that the run can be
//! continued when the pipe is gone.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jarvix_core::{DiskRead, Env};

use super::InputError;

const NAME: &str = "stdin";
const COPY_BYTES: usize = 64 * 1024;

/// Copies `reader` to `<run_dir>/input/stdin` and makes it durable; where it is.
///
/// If the run has such a copy already, what comes now must begin with it, or be empty: then the
/// run goes on with what it has. Errors: [`InputError::StdinChanged`], and what the disk says.
pub fn spool_stdin(
    env: &Env,
    reader: &mut dyn Read,
    run_dir: &Path,
) -> Result<PathBuf, InputError> {
    let folder = run_dir.join("input");
    let path = folder.join(NAME);
    let temporary = folder.join("stdin.tmp");
    let disk = &env.disk;
    disk.create_dir_all(&folder).map_err(InputError::io("make the folder for", NAME))?;
    if disk.exists(&temporary) {
        disk.remove_file(&temporary).map_err(InputError::io("remove the old copy of", NAME))?;
    }
    let copied = copy(env, reader, &temporary).map_err(InputError::io("copy", NAME))?;
    if disk.exists(&path) {
        let open = |path| disk.open(path).map_err(InputError::io("open the copy of", NAME));
        let begins = begins_with(&*open(&temporary)?, &*open(&path)?)
            .map_err(InputError::io("compare", NAME))?;
        if copied == 0 || !begins {
            disk.remove_file(&temporary).map_err(InputError::io("remove the new copy of", NAME))?;
            return if copied == 0 { Ok(path) } else { Err(InputError::StdinChanged) };
        }
    }
    disk.rename(&temporary, &path).map_err(InputError::io("keep the copy of", NAME))?;
    disk.sync_dir(&folder).map_err(InputError::io("keep the copy of", NAME))?;
    Ok(path)
}

fn copy(env: &Env, reader: &mut dyn Read, path: &Path) -> io::Result<u64> {
    let mut file = env.disk.create(path)?;
    let mut buffer = vec![0; COPY_BYTES];
    let mut copied = 0;
    loop {
        let n = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        file.write_all(&buffer[..n])?;
        copied += n as u64;
    }
    file.sync()?;
    Ok(copied)
}

/// Whether the content of `new` begins with all of `old`.
fn begins_with(new: &dyn DiskRead, old: &dyn DiskRead) -> io::Result<bool> {
    if new.size() < old.size() {
        return Ok(false);
    }
    let (mut a, mut b) = (vec![0; COPY_BYTES], vec![0; COPY_BYTES]);
    let mut offset = 0;
    while offset < old.size() {
        let n = old.read_at(&mut a, offset)?;
        let m = new.read_at(&mut b[..n], offset)?;
        if m == 0 || a[..m] != b[..m] {
            return Ok(false);
        }
        offset += m as u64;
    }
    Ok(true)
}
