//! One table of everything that can be wrong with a message: which code it has, and which words say so.
//!
//! Users compare `err.code` and read `err.reason`; both are the ones of the parser that the running Node has.

/// The class of an error: what `err.code` says. The number is ours and stable, for crossing a language border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "each is its HPE_ name")]
pub enum Code {
    Strict = 2,
    LfExpected = 3,
    UnexpectedContentLength = 4,
    ClosedConnection = 5,
    InvalidMethod = 6,
    InvalidUrl = 7,
    InvalidConstant = 8,
    InvalidVersion = 9,
    InvalidHeaderToken = 10,
    InvalidContentLength = 11,
    InvalidChunkSize = 12,
    InvalidStatus = 13,
    InvalidEofState = 14,
    InvalidTransferEncoding = 15,
    CbHeadersComplete = 17,
    CbMessageComplete = 18,
    JsException = 42,
    Paused = 21,
    PausedH2Upgrade = 23,
    User = 24,
    CrExpected = 25,
    UnexpectedSpace = 30,
    HeaderOverflow = 40,
    ChunkExtensionsOverflow = 41,
}

impl Code {
    /// The name that users see as `err.code`.
    pub const fn name(self) -> &'static str {
        match self {
            Code::Strict => "HPE_STRICT",
            Code::LfExpected => "HPE_LF_EXPECTED",
            Code::UnexpectedContentLength => "HPE_UNEXPECTED_CONTENT_LENGTH",
            Code::ClosedConnection => "HPE_CLOSED_CONNECTION",
            Code::InvalidMethod => "HPE_INVALID_METHOD",
            Code::InvalidUrl => "HPE_INVALID_URL",
            Code::InvalidConstant => "HPE_INVALID_CONSTANT",
            Code::InvalidVersion => "HPE_INVALID_VERSION",
            Code::InvalidHeaderToken => "HPE_INVALID_HEADER_TOKEN",
            Code::InvalidContentLength => "HPE_INVALID_CONTENT_LENGTH",
            Code::InvalidChunkSize => "HPE_INVALID_CHUNK_SIZE",
            Code::InvalidStatus => "HPE_INVALID_STATUS",
            Code::InvalidEofState => "HPE_INVALID_EOF_STATE",
            Code::InvalidTransferEncoding => "HPE_INVALID_TRANSFER_ENCODING",
            Code::CbHeadersComplete => "HPE_CB_HEADERS_COMPLETE",
            Code::Paused => "HPE_PAUSED",
            Code::CbMessageComplete => "HPE_CB_MESSAGE_COMPLETE",
            Code::JsException => "HPE_JS_EXCEPTION",
            Code::PausedH2Upgrade => "HPE_PAUSED_H2_UPGRADE",
            Code::User => "HPE_USER",
            Code::CrExpected => "HPE_CR_EXPECTED",
            Code::UnexpectedSpace => "HPE_UNEXPECTED_SPACE",
            Code::HeaderOverflow => "HPE_HEADER_OVERFLOW",
            Code::ChunkExtensionsOverflow => "HPE_CHUNK_EXTENSIONS_OVERFLOW",
        }
    }

    /// The number of the code, for a caller that can only take integers.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// An error of the parser: its code and the words of its reason. Where it happened is what `execute` says it consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The class, `err.code`.
    pub code: Code,
    /// The words, `err.reason`.
    pub reason: &'static str,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.reason)
    }
}

impl std::error::Error for Error {}
