//! A fake of GitHub.
