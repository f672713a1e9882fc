//! One table of all parse errors: the code and the reason of each.
//!
//! Users compare `err.code` and read `err.reason`; both equal those of the running Node's parser.

/// The class of an error, named by `err.code`. The number is ours and does not change; it crosses to JavaScript.
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
    BodyOverflow = 63,
    StrictHost = 64,
    StrictTarget = 65,
    StrictVersion = 66,
    StrictTransferEncoding = 67,
    StrictEmptyLine = 68,
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
            Code::BodyOverflow => "HPE_BODY_OVERFLOW",
            Code::StrictHost => "HPE_STRICT_HOST",
            Code::StrictTarget => "HPE_STRICT_TARGET",
            Code::StrictVersion => "HPE_STRICT_VERSION",
            Code::StrictTransferEncoding => "HPE_STRICT_TRANSFER_ENCODING",
            Code::StrictEmptyLine => "HPE_STRICT_EMPTY_LINE",
        }
    }

    /// The number of the code, for callers that take only integers.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// A parse error: its code and its reason. The number of bytes that `execute` consumed says where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The class: `err.code`.
    pub code: Code,
    /// The text of `err.reason`.
    pub reason: &'static str,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.reason)
    }
}

impl std::error::Error for Error {}

/// Every error, once. The dialect also affects which of them a message gets.
#[allow(missing_docs, reason = "the words say it")]
pub mod errors {
    use super::{Code, Error};

    const fn row(code: Code, reason: &'static str) -> Error {
        Error { code, reason }
    }

    pub const INVALID_METHOD: Error = row(Code::InvalidMethod, "Invalid method encountered");
    pub const SPACE_AFTER_METHOD: Error = row(Code::InvalidMethod, "Expected space after method");
    pub const URL_START: Error = row(Code::InvalidUrl, "Unexpected start char in url");
    pub const URL_CHAR: Error = row(Code::InvalidUrl, "Invalid characters in url");
    pub const URL_SCHEMA: Error = row(Code::InvalidUrl, "Unexpected char in url schema");
    pub const URL_SERVER: Error = row(Code::InvalidUrl, "Unexpected char in url server");
    pub const URL_DOUBLE_AT: Error = row(Code::InvalidUrl, "Double @ in url");
    pub const URL_PATH: Error = row(Code::InvalidUrl, "Invalid char in url path");
    pub const URL_QUERY: Error = row(Code::InvalidUrl, "Invalid char in url query");
    pub const URL_FRAGMENT: Error = row(Code::InvalidUrl, "Invalid char in url fragment start");
    pub const URL_CRLF: Error = row(Code::InvalidUrl, "Expected CRLF");
    pub const PROTOCOL: Error = row(Code::InvalidConstant, "Expected HTTP/, RTSP/ or ICE/");
    pub const PROTOCOL_HTTP: Error = row(Code::InvalidConstant, "Expected HTTP/");
    pub const METHOD_FOR_HTTP: Error =
        row(Code::InvalidConstant, "Invalid method for HTTP/x.x request");
    pub const METHOD_FOR_RTSP: Error =
        row(Code::InvalidConstant, "Invalid method for RTSP/x.x request");
    pub const METHOD_FOR_ICE: Error = row(
        Code::InvalidConstant,
        "Expected SOURCE method for ICE/x.x request",
    );
    pub const MAJOR: Error = row(Code::InvalidVersion, "Invalid major version");
    pub const DOT: Error = row(Code::InvalidVersion, "Expected dot");
    pub const MINOR: Error = row(Code::InvalidVersion, "Invalid minor version");
    pub const VERSION: Error = row(Code::InvalidVersion, "Invalid HTTP version");
    pub const VERSION_CRLF: Error = row(Code::InvalidVersion, "Expected CRLF after version");
    pub const VERSION_LF: Error = row(Code::Strict, "Expected CRLF after version");
    pub const VERSION_SPACE: Error = row(Code::InvalidVersion, "Expected space after version");
    pub const PREFACE: Error = row(Code::InvalidVersion, "Expected HTTP/2 Connection Preface");
    pub const H2: Error = row(Code::PausedH2Upgrade, "Pause on PRI/Upgrade");
    pub const STATUS_DIGIT: Error = row(Code::InvalidStatus, "Invalid status code");
    pub const STATUS: Error = row(Code::InvalidStatus, "Invalid response status");
    pub const STATUS_OVERFLOW: Error = row(Code::InvalidStatus, "Response overflow");
    pub const REASON_CR: Error = row(Code::CrExpected, "Missing expected CR after response line");
    pub const LF_AFTER_CR: Error = row(Code::Strict, "Expected LF after CR");
    pub const UNEXPECTED_SPACE: Error =
        row(Code::UnexpectedSpace, "Unexpected space after start line");
    pub const NAME: Error = row(Code::InvalidHeaderToken, "Invalid header token");
    pub const NAME_CHAR: Error = row(Code::InvalidHeaderToken, "Invalid header field char");
    pub const LF_AFTER_HEADERS: Error = row(Code::Strict, "Expected LF after headers");
    pub const VALUE_CHAR: Error = row(Code::InvalidHeaderToken, "Invalid header value char");
    pub const VALUE_CR: Error = row(Code::CrExpected, "Missing expected CR after header value");
    pub const VALUE_LF: Error = row(Code::LfExpected, "Missing expected LF after header value");
    pub const FOLD: Error = row(
        Code::InvalidHeaderToken,
        "Unexpected whitespace after header value",
    );
    pub const TE_WITH_LENGTH: Error = row(
        Code::InvalidTransferEncoding,
        "Transfer-Encoding can't be present with Content-Length",
    );
    pub const LENGTH_WITH_TE: Error = row(
        Code::InvalidContentLength,
        "Content-Length can't be present with Transfer-Encoding",
    );
    pub const LENGTH_AND_TE: Error = row(
        Code::UnexpectedContentLength,
        "Content-Length can't be present with Transfer-Encoding",
    );
    pub const LENGTH_TWICE: Error = row(Code::UnexpectedContentLength, "Duplicate Content-Length");
    pub const LENGTH_CHAR: Error = row(
        Code::InvalidContentLength,
        "Invalid character in Content-Length",
    );
    pub const LENGTH_EMPTY: Error = row(Code::InvalidContentLength, "Empty Content-Length");
    pub const LENGTH_OVERFLOW: Error = row(Code::InvalidContentLength, "Content-Length overflow");
    pub const TE_VALUE: Error = row(
        Code::InvalidTransferEncoding,
        "Invalid `Transfer-Encoding` header value",
    );
    pub const TE_EMPTY: Error = row(Code::InvalidTransferEncoding, "Empty Transfer-Encoding");
    pub const TE_REQUEST: Error = row(
        Code::InvalidTransferEncoding,
        "Request has invalid `Transfer-Encoding`",
    );
    pub const CHUNK_SIZE: Error = row(Code::InvalidChunkSize, "Invalid character in chunk size");
    pub const CHUNK_OVERFLOW: Error = row(Code::InvalidChunkSize, "Chunk size overflow");
    pub const CHUNK_SIZE_CR: Error = row(Code::CrExpected, "Missing expected CR after chunk size");
    pub const CHUNK_SIZE_LF: Error = row(Code::Strict, "Expected LF after chunk size");
    pub const CHUNK_DATA_CR: Error = row(Code::CrExpected, "Missing expected CR after chunk data");
    pub const CHUNK_DATA_LF: Error = row(Code::Strict, "Expected LF after chunk data");
    pub const CHUNK_PARAMETERS: Error = row(Code::Strict, "Invalid character in chunk parameters");
    pub const EXT: Error = row(Code::Strict, "Invalid character in chunk extensions");
    pub const EXT_NAME: Error = row(Code::Strict, "Invalid character in chunk extensions name");
    pub const EXT_NAME_CR: Error = row(
        Code::CrExpected,
        "Missing expected CR after chunk extension name",
    );
    pub const EXT_VALUE: Error = row(Code::Strict, "Invalid character in chunk extensions value");
    pub const EXT_VALUE_CR: Error = row(
        Code::CrExpected,
        "Missing expected CR after chunk extension value",
    );
    pub const EXT_QUOTED: Error = row(
        Code::Strict,
        "Invalid character in chunk extensions quoted value",
    );
    pub const EXT_QUOTED_PAIR: Error = row(
        Code::Strict,
        "Invalid quoted-pair in chunk extensions quoted value",
    );
    pub const EXT_AFTER_QUOTED: Error = row(
        Code::Strict,
        "Invalid character in chunk extensions quote value",
    );
    pub const HEADER_OVERFLOW: Error = row(Code::HeaderOverflow, "Header overflow");
    pub const EXT_OVERFLOW: Error = row(Code::ChunkExtensionsOverflow, "Chunk extensions overflow");
    pub const BODY_OVERFLOW: Error = row(Code::BodyOverflow, "Body overflow");
    pub const CLOSED: Error = row(Code::ClosedConnection, "Data after `Connection: close`");
    pub const EOF: Error = row(Code::InvalidEofState, "Invalid EOF state");
    pub const PAUSED: Error = row(Code::Paused, "Paused");
    pub const COMPLETE_CALLBACK: Error = row(
        Code::CbMessageComplete,
        "`on_message_complete` callback error",
    );
    pub const JS_EXCEPTION: Error = row(Code::JsException, "JS Exception");
    pub const STRICT_HOST: Error = row(Code::StrictHost, "Invalid Host header value");
    pub const STRICT_HOST_TWICE: Error = row(Code::StrictHost, "Duplicate Host");
    pub const STRICT_HOST_MISSING: Error = row(Code::StrictHost, "Missing Host");
    pub const STRICT_TARGET: Error = row(Code::StrictTarget, "Invalid request target");
    pub const STRICT_VERSION: Error = row(Code::StrictVersion, "Expected HTTP/1.0 or HTTP/1.1");
    pub const STRICT_CODING: Error = row(
        Code::StrictTransferEncoding,
        "Transfer-Encoding can't be present in HTTP/1.0",
    );
    pub const STRICT_EMPTY_LINE: Error = row(
        Code::StrictEmptyLine,
        "Unexpected empty line before message",
    );
    pub const CALLBACK: Error = row(Code::CbHeadersComplete, "User callback error");
}
