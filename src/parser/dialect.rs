//! The differences between the llhttp versions of Node's releases. Each has a named predicate here, and the parser asks
//! that, never the version.

/// Whose behaviour the parser follows: that of the llhttp version of the running Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// llhttp 6 (Node 18).
    V6,
    /// llhttp 8 (Node 20 before 20.12).
    V8,
    /// llhttp 9.0 to 9.2 (Node 20 before 20.20).
    V9_2,
    /// llhttp 9.3 (Node 20.20).
    V9_3,
    /// llhttp 9.4 (Node 22 and later).
    V9_4,
}

impl Dialect {
    /// The dialect of an llhttp version, from `process.versions.llhttp`. Later versions get the latest dialect.
    pub fn from_llhttp(major: u32, minor: u32) -> Dialect {
        match (major, minor) {
            (0..=7, _) => Dialect::V6,
            (8, _) => Dialect::V8,
            (9, 0..=2) => Dialect::V9_2,
            (9, 3) => Dialect::V9_3,
            _ => Dialect::V9_4,
        }
    }

    /// The lenient bits this version has. It ignores the others.
    pub(super) const fn lenient_bits(self) -> u32 {
        match self {
            Dialect::V6 | Dialect::V8 => 7,
            Dialect::V9_2 | Dialect::V9_3 => 1023,
            Dialect::V9_4 => 2047,
        }
    }

    fn is_before_v9(self) -> bool {
        self <= Dialect::V8
    }

    // ------------------------------------------------------------------------------------------------------ lines

    /// LF without CR ends a start line, and the head.
    pub(super) fn bare_lf_ends_line(self) -> bool {
        self.is_before_v9()
    }

    /// With lenient headers, LF without CR ends a value. Later versions have a separate bit for it.
    pub(super) fn bare_lf_after_value_is_lenient_header(self) -> bool {
        self.is_before_v9()
    }

    /// Any byte is accepted in place of the LF after a CR, and of the line end after the data of a chunk.
    pub(super) fn any_byte_passes_for_lf(self) -> bool {
        self.is_before_v9()
    }

    /// LF has to follow the CR after the version, whatever is lenient.
    pub(super) fn version_needs_lf(self) -> bool {
        self.is_before_v9()
    }

    /// A second CR ends the status line.
    pub(super) fn second_cr_ends_status_line(self) -> bool {
        self < Dialect::V9_4
    }

    // ------------------------------------------------------------------------------------------------- start line

    /// `QUERY` is a method.
    pub(super) fn knows_query(self) -> bool {
        !self.is_before_v9()
    }

    /// A tab or form feed in a target has its own error. Earlier versions treat both like any other byte.
    pub(super) fn refuses_tab_in_target(self) -> bool {
        !self.is_before_v9()
    }

    /// Only HTTP is accepted in a response.
    pub(super) fn responses_are_http_alone(self) -> bool {
        self < Dialect::V9_3
    }

    /// The error for an unknown protocol mentions only HTTP.
    pub(super) fn error_names_http_alone(self) -> bool {
        self < Dialect::V9_3
    }

    /// A method that the protocol does not have is refused at the end of the protocol's name. Earlier versions refuse
    /// it at the slash after that name.
    pub(super) fn checks_method_before_slash(self) -> bool {
        self >= Dialect::V9_3
    }

    /// A status has any number of digits, even none, and is at most 999.
    pub(super) fn status_has_any_length(self) -> bool {
        self.is_before_v9()
    }

    // ------------------------------------------------------------------------------------------------------ fields

    /// White space is allowed before the first field.
    pub(super) fn space_may_precede_fields(self) -> bool {
        self == Dialect::V6
    }

    /// Names may begin with a space or a colon, and contain spaces.
    pub(super) fn spaces_in_names(self) -> bool {
        self.is_before_v9()
    }

    /// Content-Length with Transfer-Encoding is refused at the end of the head. Later versions refuse it at the second
    /// name.
    pub(super) fn compares_length_and_coding_last(self) -> bool {
        self.is_before_v9()
    }

    /// An empty Transfer-Encoding is refused.
    pub(super) fn refuses_empty_coding(self) -> bool {
        self >= Dialect::V9_4
    }

    /// A tab after a length or a connection option counts as white space, like a space.
    pub(super) fn tab_is_trailing_space(self) -> bool {
        self >= Dialect::V9_4
    }

    // ------------------------------------------------------------------------------------------------------ bodies

    /// A status without a body ends its message, whatever the fields say.
    pub(super) fn knows_bodyless_status(self) -> bool {
        !self.is_before_v9()
    }

    /// Another protocol follows a 101, even when no field asks for it.
    pub(super) fn switches_protocols_at_101(self) -> bool {
        !self.is_before_v9()
    }

    /// The length of a skipped body carries over: the digits of the next Content-Length are appended to it.
    pub(super) fn always_carries_length(self) -> bool {
        self.is_before_v9()
    }

    /// Data after a message that closes the connection is ignored. Later versions refuse it.
    pub(super) fn ignores_data_after_close(self) -> bool {
        self.is_before_v9()
    }

    /// Only CR or an extension may follow a chunk size, whatever is lenient.
    pub(super) fn chunk_size_ends_at_once(self) -> bool {
        self.is_before_v9()
    }

    /// Chunk extensions are any field value.
    pub(super) fn takes_any_extensions(self) -> bool {
        self == Dialect::V6
    }

    /// After the `;` that ends an unquoted value, only what may follow a size is accepted: CR, or another `;`.
    pub(super) fn value_ends_extensions(self) -> bool {
        self == Dialect::V8
    }

    /// LF without CR in an extension has its own error. Earlier versions treat it like any other byte.
    pub(super) fn names_lf_in_extensions(self) -> bool {
        self > Dialect::V8
    }

    /// A quoted value of an extension may hold quoted-pairs.
    pub(super) fn knows_quoted_pairs(self) -> bool {
        self > Dialect::V8
    }

    /// A quoted value of an extension may hold DEL.
    pub(super) fn del_in_quoted_extension(self) -> bool {
        self < Dialect::V9_3
    }
}
