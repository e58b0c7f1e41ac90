//! Files that are written anew: takes the old text and the new, gives a patch, or puts the new one in its place.

use std::path::Path;

use crate::diag::file_name;

/// What makes one text of the other, as `patch` and `git apply` take it.
pub(super) fn patch(path: &Path, original: &str, text: &str) -> String {
    let name = file_name(&path.display().to_string());
    let diff = similar::TextDiff::from_lines(original, text);
    diff.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}

/// Writes beside the file and renames, so that no crash leaves half a file.
pub(super) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    std::fs::write(&temporary, text)?;
    std::fs::rename(&temporary, path)
}
