//! The chunked coding (RFC 9112, section 7.1), byte by byte.

use super::cursor::Cursor;
use super::event::Output;
use super::state::{Span, State};
use super::{Lenient, Parser, Step};
use crate::bytes;
use crate::error::errors;

impl Parser {
    /// The first digit of `chunk-size = 1*HEXDIG`.
    pub(super) fn chunk_start(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        let digit = bytes::HEX[b as usize];
        if digit > 15 {
            return Parser::fail_at(cur, cur.pos, errors::CHUNK_SIZE);
        }
        self.framing.length = u64::from(digit);
        self.ext_size = 0;
        self.state = State::ChunkSize;
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn chunk_size(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        let digit = bytes::HEX[b as usize];
        if digit > 15 {
            self.state = State::ChunkSpace;
            return Ok(());
        }
        cur.pos += 1;
        match self.framing.length.checked_mul(16) {
            Some(length) => self.framing.length = length | u64::from(digit),
            None => return Parser::fail_at(cur, cur.pos, errors::CHUNK_OVERFLOW),
        }
        Ok(())
    }

    /// After the digits of the size.
    pub(super) fn chunk_space(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            Some(b) if self.dialect().chunk_size_ends_at_once() && !matches!(b, b'\r' | b';') => {
                return Parser::fail_at(cur, cur.pos, errors::CHUNK_SIZE);
            }
            Some(b' ' | b'\t') if self.lenient(Lenient::SPACES_AFTER_CHUNK_SIZE) => {}
            Some(b'\r') => self.state = State::ChunkSizeLf,
            Some(b';') => self.state = State::ExtStart,
            Some(b'\n') if self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF) => {
                self.state = State::ChunkSizeLf
            }
            Some(b'\n') => return Parser::fail_at(cur, cur.pos + 1, errors::CHUNK_SIZE_CR),
            Some(b' ' | b'\t') => return Parser::fail_at(cur, cur.pos + 1, errors::CHUNK_SIZE),
            _ => return Parser::fail_at(cur, cur.pos, errors::CHUNK_SIZE),
        }
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn chunk_size_lf(&mut self, cur: &mut Cursor) -> Step {
        if cur.peek() == Some(b'\n') || self.dialect().any_byte_passes_for_lf() {
            cur.pos += 1;
        } else if !self.lenient(Lenient::OPTIONAL_LF_AFTER_CR) {
            return Parser::fail_at(cur, cur.pos, errors::CHUNK_SIZE_LF);
        }
        self.chunk_header()
    }

    /// The line of a chunk is complete: its size and extensions.
    fn chunk_header(&mut self) -> Step {
        self.size = 0;
        self.ext_size = 0;
        if self.framing.length == 0 {
            self.in_trailers = true;
            self.field_count = 0;
            self.state = State::FieldStart;
        } else {
            self.announce(self.framing.length)?;
            self.state = State::ChunkData;
        }
        Ok(())
    }

    pub(super) fn ext_start(&mut self, cur: &mut Cursor) -> Step {
        let Some(b) = cur.peek() else { return Ok(()) };
        if self.dialect().takes_any_extensions() {
            self.open(cur, Span::ExtName);
            self.state = State::ExtParameters;
            return Ok(());
        }
        match b {
            b' ' => return Parser::fail_at(cur, cur.pos + 1, errors::EXT),
            b'\r' => return Parser::fail_at(cur, cur.pos + 1, errors::EXT),
            _ => {}
        }
        self.open(cur, Span::ExtName);
        self.state = State::ExtName;
        Ok(())
    }

    /// llhttp 6: chunk extensions are any field value.
    pub(super) fn ext_parameters(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        cur.skip_class(&bytes::FIELD_VALUE);
        match cur.peek() {
            None => Ok(()),
            Some(b'\r') => self.ext_next(cur, State::ChunkSizeLf, out),
            Some(_) => Parser::fail_at(cur, cur.pos, errors::CHUNK_PARAMETERS),
        }
    }

    pub(super) fn ext_name(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        cur.skip_class(&bytes::TOKEN);
        match cur.peek() {
            None => Ok(()),
            Some(b'=') => self.ext_next(cur, State::ExtValueStart, out),
            Some(b';') => self.ext_next(cur, State::ExtStart, out),
            Some(b'\r') => self.ext_next(cur, State::ChunkSizeLf, out),
            Some(b'\n') if self.dialect().names_lf_in_extensions() => {
                self.close(cur, cur.pos, out)?;
                if !self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF) {
                    return Parser::fail_at(cur, cur.pos, errors::EXT_NAME_CR);
                }
                cur.pos += 1;
                self.chunk_header()
            }
            Some(_) => {
                self.close(cur, cur.pos + 1, out)?;
                Parser::fail_at(cur, cur.pos + 1, errors::EXT_NAME)
            }
        }
    }

    /// A part of an extension ends at the byte under the cursor. Takes that byte.
    fn ext_next(&mut self, cur: &mut Cursor, state: State, out: &mut Output) -> Step {
        self.close(cur, cur.pos + 1, out)?;
        cur.pos += 1;
        self.state = state;
        Ok(())
    }

    pub(super) fn ext_value_start(&mut self, cur: &mut Cursor) -> Step {
        self.open(cur, Span::ExtValue);
        if cur.peek() == Some(b'"') {
            cur.pos += 1;
            self.state = State::ExtQuoted;
        } else {
            self.state = State::ExtValue;
        }
        Ok(())
    }

    pub(super) fn ext_value(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        cur.skip_class(&bytes::TOKEN);
        match cur.peek() {
            None => Ok(()),
            Some(b'"') => {
                cur.pos += 1;
                self.state = State::ExtQuoted;
                Ok(())
            }
            Some(b';') if self.dialect().value_ends_extensions() => {
                self.ext_next(cur, State::ChunkSpace, out)
            }
            Some(b';') => self.ext_next(cur, State::ExtStart, out),
            Some(b'\r') => self.ext_next(cur, State::ChunkSizeLf, out),
            Some(b'\n') if self.dialect().names_lf_in_extensions() => {
                self.close(cur, cur.pos, out)?;
                if !self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF) {
                    return Parser::fail_at(cur, cur.pos, errors::EXT_VALUE_CR);
                }
                cur.pos += 1;
                self.chunk_header()
            }
            Some(_) => {
                self.close(cur, cur.pos + 1, out)?;
                Parser::fail_at(cur, cur.pos + 1, errors::EXT_VALUE)
            }
        }
    }

    pub(super) fn ext_quoted(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        let class = if self.dialect().del_in_quoted_extension() {
            &bytes::QUOTED_DEL
        } else {
            &bytes::QUOTED
        };
        cur.skip_class(class);
        match cur.peek() {
            None => Ok(()),
            Some(b'"') => {
                cur.pos += 1;
                self.close(cur, cur.pos, out)?;
                self.state = State::ExtAfterQuoted;
                Ok(())
            }
            Some(b'\\') if self.dialect().knows_quoted_pairs() => {
                cur.pos += 1;
                self.state = State::ExtQuotedPair;
                Ok(())
            }
            Some(_) => {
                self.close(cur, cur.pos + 1, out)?;
                Parser::fail_at(cur, cur.pos + 1, errors::EXT_QUOTED)
            }
        }
    }

    pub(super) fn ext_quoted_pair(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            Some(b) if bytes::QUOTED_PAIR[b as usize] => {
                cur.pos += 1;
                self.state = State::ExtQuoted;
                Ok(())
            }
            _ => Parser::fail_at(cur, cur.pos + 1, errors::EXT_QUOTED_PAIR),
        }
    }

    /// After the closing quote, which counts as part of the value.
    pub(super) fn ext_after_quoted(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            Some(b';') => self.state = State::ExtStart,
            Some(b'\r') => self.state = State::ChunkSizeLf,
            Some(b'\n') if self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF) => {
                self.state = State::ChunkSizeLf;
                return Ok(());
            }
            Some(b'\n') if self.dialect().names_lf_in_extensions() => {
                return Parser::fail_at(cur, cur.pos, errors::EXT_VALUE_CR);
            }
            _ => return Parser::fail_at(cur, cur.pos, errors::EXT_AFTER_QUOTED),
        }
        cur.pos += 1;
        Ok(())
    }

    pub(super) fn chunk_data(&mut self, cur: &mut Cursor, out: &mut Output) -> Step {
        self.take_body(cur, out);
        if self.framing.length == 0 {
            self.state = State::ChunkDataCr;
        }
        Ok(())
    }

    pub(super) fn chunk_data_cr(&mut self, cur: &mut Cursor) -> Step {
        match cur.peek() {
            _ if self.dialect().any_byte_passes_for_lf() => {
                cur.pos += 1;
                self.state = State::ChunkDataLf;
                return Ok(());
            }
            Some(b'\r') => {
                cur.pos += 1;
                self.state = State::ChunkDataLf;
                return Ok(());
            }
            Some(b'\n') if self.lenient(Lenient::OPTIONAL_CR_BEFORE_LF) => cur.pos += 1,
            Some(b'\n') => return Parser::fail_at(cur, cur.pos + 1, errors::CHUNK_DATA_CR),
            _ if self.lenient(Lenient::OPTIONAL_CRLF_AFTER_CHUNK) => {}
            _ => return Parser::fail_at(cur, cur.pos, errors::CHUNK_DATA_LF),
        }
        self.chunk_end();
        Ok(())
    }

    pub(super) fn chunk_data_lf(&mut self, cur: &mut Cursor) -> Step {
        if cur.peek() == Some(b'\n') || self.dialect().any_byte_passes_for_lf() {
            cur.pos += 1;
        } else if !self.lenient(Lenient::OPTIONAL_CRLF_AFTER_CHUNK) {
            return Parser::fail_at(cur, cur.pos, errors::CHUNK_DATA_LF);
        }
        self.chunk_end();
        Ok(())
    }

    fn chunk_end(&mut self) {
        self.size = 0;
        self.state = State::ChunkStart;
    }
}
