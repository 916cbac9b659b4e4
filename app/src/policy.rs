//! The content security policy of pages.

/// The policy of one answer.
///
/// `nonce` marks the page's own scripts; `form_targets` are origins besides this one to which a form's answer may
/// redirect, because browsers apply `form-action` to that redirect too. Targets with characters that could end the
/// directive are left out.
#[must_use]
pub fn content_security_policy(nonce: Option<&str>, form_targets: &[&str]) -> String {
    let scripts = nonce.map_or_else(
        || "'none'".to_owned(),
        |nonce| format!("'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'"),
    );
    let targets: String =
        form_targets.iter().filter(|target| is_source(target)).flat_map(|target| [" ", target]).collect();
    format!(
        "default-src 'self'; script-src {scripts}; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'{targets}"
    )
}

fn is_source(target: &str) -> bool {
    target.contains(':')
        && target.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'.' | b'-' | b'+' | b'[' | b']')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_target_cannot_add_a_directive() {
        let policy = content_security_policy(
            Some("abc"),
            &[
                "http://localhost:53682",
                "https://x.test; script-src *",
                "'unsafe-inline'",
                "https://a.test b",
            ],
        );
        assert!(policy.ends_with("form-action 'self' http://localhost:53682"), "{policy}");
        assert!(policy.contains("script-src 'nonce-abc' 'strict-dynamic' 'wasm-unsafe-eval';"));
    }

    #[test]
    fn without_a_nonce_no_script_runs() {
        assert!(content_security_policy(None, &[]).contains("script-src 'none';"));
    }
}
