//! What differs between the versions of llhttp that releases of Node carry: each difference has a name here, and is asked for by it.

/// Whose behaviour holds: the llhttp version of the running Node decides.
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
    /// The dialect of an llhttp version, as `process.versions.llhttp` names it. A later one than we know is taken as the latest.
    pub fn from_llhttp(major: u32, minor: u32) -> Dialect {
        match (major, minor) {
            (0..=7, _) => Dialect::V6,
            (8, _) => Dialect::V8,
            (9, 0..=2) => Dialect::V9_2,
            (9, 3) => Dialect::V9_3,
            _ => Dialect::V9_4,
        }
    }

    /// The lenient bits that it knows; others are ignored.
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

    /// LF without CR ends a value for lenient headers; later it has a leniency of its own.
    pub(super) fn bare_lf_after_value_is_lenient_header(self) -> bool {
        self.is_before_v9()
    }

    /// Any byte passes for the LF after a CR, and for the line end after the data of a chunk.
    pub(super) fn any_byte_passes_for_lf(self) -> bool {
        self.is_before_v9()
    }

    /// CR after the version has to be followed by LF, whatever is lenient.
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

    /// A tab or a form feed in a target has an error of its own; before, each is a byte like others.
    pub(super) fn refuses_tab_in_target(self) -> bool {
        !self.is_before_v9()
    }

    /// A response is HTTP or nothing.
    pub(super) fn responses_are_http_alone(self) -> bool {
        self < Dialect::V9_3
    }

    /// The error of an unknown protocol names HTTP alone.
    pub(super) fn error_names_http_alone(self) -> bool {
        self < Dialect::V9_3
    }

    /// A method that the protocol has not is refused at the end of the protocol's name; before, at the slash behind it.
    pub(super) fn checks_method_before_slash(self) -> bool {
        self >= Dialect::V9_3
    }

    /// A status has any number of digits, down to none, up to 999.
    pub(super) fn status_has_any_length(self) -> bool {
        self.is_before_v9()
    }

    // ------------------------------------------------------------------------------------------------------ fields

    /// White space may stand before the first field.
    pub(super) fn space_may_precede_fields(self) -> bool {
        self == Dialect::V6
    }

    /// Names may begin with a space or a colon, and hold spaces.
    pub(super) fn spaces_in_names(self) -> bool {
        self.is_before_v9()
    }

    /// Content-Length beside Transfer-Encoding is refused at the end of the head; later, at the name of the second.
    pub(super) fn compares_length_and_coding_last(self) -> bool {
        self.is_before_v9()
    }

    /// An empty Transfer-Encoding is refused.
    pub(super) fn refuses_empty_coding(self) -> bool {
        self >= Dialect::V9_4
    }

    /// A tab after a length or a connection option is white space, as a space is.
    pub(super) fn tab_is_trailing_space(self) -> bool {
        self >= Dialect::V9_4
    }

    // ------------------------------------------------------------------------------------------------------ bodies

    /// A status without body ends its message, whatever the fields say.
    pub(super) fn knows_bodyless_status(self) -> bool {
        !self.is_before_v9()
    }

    /// After a 101 comes another protocol, also where no field says so.
    pub(super) fn switches_protocols_at_101(self) -> bool {
        !self.is_before_v9()
    }

    /// The length of a body that was skipped is the start of the next message's.
    pub(super) fn always_carries_length(self) -> bool {
        self.is_before_v9()
    }

    /// What comes after a message that closes the connection is ignored; later it is an error.
    pub(super) fn ignores_data_after_close(self) -> bool {
        self.is_before_v9()
    }

    /// Nothing but CR or an extension may follow a chunk size, whatever is lenient.
    pub(super) fn chunk_size_ends_at_once(self) -> bool {
        self.is_before_v9()
    }

    /// The extensions of a chunk are any field value.
    pub(super) fn takes_any_extensions(self) -> bool {
        self == Dialect::V6
    }

    /// Behind the `;` that ends an unquoted value comes what may come behind a size: CR, or another `;`.
    pub(super) fn value_ends_extensions(self) -> bool {
        self == Dialect::V8
    }

    /// LF without CR has an error of its own in extensions; before, it is a byte like others.
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
