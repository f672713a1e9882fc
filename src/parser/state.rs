//! The states of the exact machine, and the text spans that it collects.

/// What the parser expects next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Between messages: empty lines are skipped.
    Start,
    /// After a message that closes the connection.
    Closed,
    /// After an error, which stays.
    Failed,

    // The request line.
    Method,
    BeforeTarget,
    TargetStart,
    Schema,
    SchemaColon,
    SchemaSlash,
    Authority,
    AuthorityAt,
    Path,
    Query,
    Fragment,
    TargetCr,
    AfterTarget,
    /// After the line end of a request line without a version.
    AfterOldLine,

    // The version, in requests and responses.
    BeforeProtocol,
    Protocol,
    ProtocolSlash,
    Major,
    Dot,
    Minor,
    AfterVersion,
    VersionCr,
    Preface,

    // The status line.
    Status,
    AfterStatus,
    Reason,
    ReasonCr,

    // Fields, of the head or of the trailers.
    FirstField,
    FieldStart,
    Name,
    NameSpace,
    BeforeValue,
    EmptyCr,
    EmptyFold,
    Value,
    ValueRelaxed,
    Length,
    LengthSpace,
    Coding,
    Connection,
    ValueCr,
    ValueFold,
    HeadCr,

    /// The head was reported, and the parser waits for the caller's decision.
    Decide,

    // The body.
    Sized,
    UntilEof,
    ChunkStart,
    ChunkSize,
    ChunkSpace,
    ChunkSizeLf,
    ExtStart,
    ExtParameters,
    ExtName,
    ExtValueStart,
    ExtValue,
    ExtQuoted,
    ExtQuotedPair,
    ExtAfterQuoted,
    ChunkData,
    ChunkDataCr,
    ChunkDataLf,
}

/// Text that may come in pieces. A piece is counted when it ends: at the byte after the span, or at the end of the
/// input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    None,
    Target,
    Reason,
    Name,
    Value,
    ExtName,
    ExtValue,
}

/// The position in a list of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListPhase {
    /// Before an item.
    Before,
    /// In an item that may still be a known one.
    Token,
    /// In the white space after an item that may be a known one.
    After,
    /// In an unknown item.
    Other,
}

/// The protocol of a start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    Rtsp,
    Ice,
}

impl Protocol {
    /// The name before the slash of the version.
    pub(super) const fn name(self) -> &'static [u8] {
        match self {
            Protocol::Http => b"HTTP",
            Protocol::Rtsp => b"RTSP",
            Protocol::Ice => b"ICE",
        }
    }
}
