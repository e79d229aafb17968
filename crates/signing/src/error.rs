//! Why a signature is refused.

/// Why a signature could not be made or was refused, by what the signer can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Add the parameter.
    #[error("the parameter {name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// Use a scheme that is known.
    #[error("the value of {name} is not supported")]
    Unsupported {
        /// The parameter that names the scheme.
        name: &'static str,
    },
    /// Send it in the documented form.
    #[error("the form of {name} is not the documented one")]
    Malformed {
        /// The header or parameter.
        name: &'static str,
    },
    /// Sign this header too.
    #[error("the header {name} has to be signed")]
    NotSigned {
        /// Its name.
        name: &'static str,
    },
    /// Derive the key anew: it is for another day or service than the request.
    #[error("the credential scope names another {part}")]
    Scope {
        /// The part of the scope that differs.
        part: &'static str,
    },
    /// Sign anew: the signature is not valid at this time.
    #[error("the signature is not valid at this time")]
    Expired,
    /// Sign this text with the right secret.
    #[error("the signature does not match")]
    Mismatch {
        /// What the server takes for the signed text; holds nothing but the request.
        string_to_sign: String,
    },
}
