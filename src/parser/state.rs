//! The states of the exact machine, and the spans of text that it gathers.

/// What the next byte is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Between messages: empty lines are skipped.
    Start,
    /// After a message that closes the connection.
    Closed,
    /// After an error; it stays.
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
    /// After the line end of a request line without version.
    AfterOldLine,

    // The version, in both kinds.
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

    /// The head is handed out, and the caller's decision is awaited.
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

/// Text that may come in pieces. A piece is accounted when it ends: at the byte that ends the span, or at the end of the input.
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

/// Where a list of tokens stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListPhase {
    /// Before an item.
    Before,
    /// In an item that may be a known one.
    Token,
    /// After an item that may be a known one, in the white space behind it.
    After,
    /// In an item that is none.
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
    /// What stands before the slash of its version.
    pub(super) const fn name(self) -> &'static [u8] {
        match self {
            Protocol::Http => b"HTTP",
            Protocol::Rtsp => b"RTSP",
            Protocol::Ice => b"ICE",
        }
    }
}
