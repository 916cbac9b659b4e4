//! A fake of GitLab.
