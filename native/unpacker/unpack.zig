//! The head of an artifact starts this small program before the runtime. It unpacks the runtime, which is packed with
//! LZMA2 because that makes it smaller than gzip does (docs/FORMAT.md, "Packed runtimes").
//!
//!     unpack FILE OFFSET SIZE SKIP TAKE > PROGRAM
//!
//! It reads the .xz stream of SIZE bytes at OFFSET of FILE, skips SKIP bytes of the unpacked data, and writes the next
//! TAKE bytes. All numbers are decimal and in bytes. The exit status is 0 if the CRC-32 of the unpacked data is right.
//!
//! It reads the part of the .xz container (The .xz File Format 1.2.0, sections 2 and 3) that `mkexe.artifact.xz`
//! writes: one block, the check CRC-32, and LZMA2, alone or after the x86 or the ARM64 filter. Zig's library decodes
//! LZMA2.

const std = @import("std");

const Failure = error{ Usage, Unreadable, NotXz, CutOff, Unsupported, Damaged, OutOfMemory, NotWritten };

// filter IDs: The .xz File Format 1.2.0, section 5.3
const Filter = enum(u8) { none = 0, x86 = 0x04, arm64 = 0x0a };
const filter_lzma2 = 0x21;
const check_crc32 = 0x01;

pub export fn main(count: c_int, arguments: [*]const [*:0]const u8) c_int {
    run(arguments[0..@intCast(count)]) catch |failure| {
        complain(switch (failure) {
            error.Usage => "usage: unpack FILE OFFSET SIZE SKIP TAKE",
            error.Unreadable => "the file cannot be read",
            error.NotXz, error.CutOff, error.Damaged => "this copy of the file is damaged or incomplete",
            error.Unsupported => "this program cannot read the way in which the runtime is packed",
            error.OutOfMemory => "there is not enough memory to unpack the program",
            error.NotWritten => "the program cannot be written: is the disk full?",
        });
        return 1;
    };
    return 0;
}

fn run(arguments: []const [*:0]const u8) Failure!void {
    if (arguments.len != 6) return error.Usage;
    var numbers: [4]usize = undefined;
    for (&numbers, arguments[2..]) |*number, argument| {
        number.* = std.fmt.parseInt(usize, std.mem.span(argument), 10) catch return error.Usage;
    }
    const packed_bytes = try readRange(arguments[1], numbers[0], numbers[1]);
    const unpacked = try unpack(std.heap.c_allocator, packed_bytes);
    const skip, const take = .{ numbers[2], numbers[3] };
    if (skip > unpacked.len or take > unpacked.len - skip) return error.Damaged;
    try writeAll(unpacked[skip..][0..take]);
}

fn readRange(path: [*:0]const u8, offset: usize, size: usize) Failure![]u8 {
    const file = std.c.fopen(path, "rb") orelse return error.Unreadable;
    defer _ = std.c.fclose(file);
    const bytes = try std.heap.c_allocator.alloc(u8, size);
    if (fseeko(file, @intCast(offset), 0) != 0) return error.Unreadable;
    if (std.c.fread(bytes.ptr, 1, size, file) != size) return error.CutOff;
    return bytes;
}

fn writeAll(bytes: []const u8) Failure!void {
    var done: usize = 0;
    while (done < bytes.len) {
        const count = std.c.write(1, bytes.ptr + done, bytes.len - done);
        if (count <= 0) return error.NotWritten;
        done += @intCast(count);
    }
}

fn complain(text: [:0]const u8) void {
    _ = std.c.write(2, text.ptr, text.len);
    _ = std.c.write(2, "\n", 1);
}

extern "c" fn fseeko(file: *std.c.FILE, offset: i64, whence: c_int) c_int;

/// Return the unpacked data of an .xz stream. Nothing frees its memory, because the program ends soon.
fn unpack(allocator: std.mem.Allocator, stream: []const u8) Failure![]u8 {
    const magic = "\xfd7zXZ\x00";
    const stream_header_size = 12; // magic, flags, CRC-32 of the flags
    if (stream.len < stream_header_size + 8) return error.CutOff;
    if (!std.mem.startsWith(u8, stream, magic)) return error.NotXz;
    if (stream[6] != 0 or stream[7] != check_crc32) return error.Unsupported;

    const block = stream[stream_header_size..];
    const header_size = (@as(usize, block[0]) + 1) * 4;
    if (header_size >= block.len) return error.CutOff;
    const header = block[0 .. header_size - 4];
    if (std.hash.Crc32.hash(header) != std.mem.readInt(u32, block[header_size - 4 ..][0..4], .little)) {
        return error.Damaged;
    }
    const filter = try readFilter(header);

    var reader: std.Io.Reader = .fixed(block[header_size..]);
    var decode = std.compress.lzma2.Decode.init(allocator) catch return error.OutOfMemory;
    var output: std.Io.Writer.Allocating = .init(allocator);
    const packed_size = decode.decompress(&reader, &output) catch |failure| return switch (failure) {
        error.OutOfMemory, error.WriteFailed => error.OutOfMemory,
        error.EndOfStream, error.ReadFailed => error.CutOff,
        else => error.Damaged,
    };
    const unpacked = output.written();
    switch (filter) {
        .none => {},
        .x86 => unfilterX86(unpacked),
        .arm64 => unfilterArm64(unpacked),
    }

    const check_at = header_size + std.mem.alignForward(usize, @intCast(packed_size), 4);
    if (check_at + 4 > block.len) return error.CutOff;
    if (std.hash.Crc32.hash(unpacked) != std.mem.readInt(u32, block[check_at..][0..4], .little)) return error.Damaged;
    return unpacked;
}

/// Return the filter before LZMA2 that a block header names. `header` excludes the CRC-32 at its end.
fn readFilter(header: []const u8) Failure!Filter {
    const flags = header[1];
    const has_sizes = flags & 0xc0 != 0;
    const filter_count = (flags & 3) + 1;
    if (has_sizes or filter_count > 2 or header.len < 8) return error.Unsupported;
    // a filter is its ID, the size of its properties, and these; LZMA2 has one byte of them, the other filters have
    // none
    var filters = header[2..];
    var filter = Filter.none;
    if (filter_count == 2) {
        filter = switch (filters[0]) {
            @intFromEnum(Filter.x86) => .x86,
            @intFromEnum(Filter.arm64) => .arm64,
            else => return error.Unsupported,
        };
        if (filters[1] != 0) return error.Unsupported;
        filters = filters[2..];
    }
    if (!std.mem.startsWith(u8, filters, &.{ filter_lzma2, 1 })) return error.Unsupported;
    return filter;
}

/// Convert the targets of calls (BL) and the addresses of pages (ADRP) from absolute back to relative, in place.
///
/// Arm Architecture Reference Manual, C6.2: BL has a 26-bit offset in words. ADRP has a 21-bit offset in pages of 4096
/// bytes, and its two lowest bits are stored separately. The filter converts only pages within 512 MiB.
fn unfilterArm64(bytes: []u8) void {
    var position: usize = 0;
    while (position + 4 <= bytes.len) : (position += 4) {
        const place = bytes[position..][0..4];
        const word = std.mem.readInt(u32, place, .little);
        const here: u32 = @truncate(position);
        if (word >> 26 == 0x25) {
            std.mem.writeInt(u32, place, 0x9400_0000 | ((word -% (here >> 2)) & 0x03ff_ffff), .little);
        } else if (word & 0x9f00_0000 == 0x9000_0000) {
            const absolute = (word >> 29 & 3) | (word >> 3 & 0x1f_fffc);
            if ((absolute +% 0x2_0000) & 0x1c_0000 != 0) continue;
            const page = absolute -% (here >> 12);
            const sign = (0 -% (page & 0x2_0000)) & 0xe0_0000;
            const instruction = (word & 0x9000_001f) | (page & 3) << 29 | (page & 0x3_fffc) << 3 | sign;
            std.mem.writeInt(u32, place, instruction, .little);
        }
    }
}

/// Convert the targets of calls and jumps (opcodes e8 and e9) from absolute back to relative, in place.
///
/// The filter treats the four bytes after an opcode as a target if the last of them, the sign of a near target, is 00
/// or ff. The byte of an opcode can also be part of another opcode's target, so the filter looks at the three bytes
/// before it: bit k of `nearby` is set if the byte k + 1 bytes ago was such an opcode that the filter left unchanged.
fn unfilterX86(bytes: []u8) void {
    const target_size = 4;
    var nearby: u3 = 0;
    var position: usize = 0;
    while (position + target_size < bytes.len) {
        const is_opcode = bytes[position] & 0xfe == 0xe8;
        if (!is_opcode) {
            nearby <<= 1;
            position += 1;
            continue;
        }
        const target = bytes[position + 1 ..][0..target_size];
        if (!isSign(target[3]) or !mayBeOpcode(nearby, target)) {
            nearby = (nearby << 1) | 1;
            position += 1;
            continue;
        }
        const next: u32 = @truncate(position + 1 + target_size);
        std.mem.writeInt(u32, target, relative(std.mem.readInt(u32, target, .little), next, nearby), .little);
        nearby = 0;
        position += 1 + target_size;
    }
}

fn isSign(byte: u8) bool {
    return byte == 0 or byte == 0xff;
}

/// Return how many bits of the target are above the byte that is the sign byte of a nearby opcode's target.
fn bitsAbove(nearby: u3) u5 {
    return switch (nearby) {
        0 => 0,
        1 => 8,
        2, 3 => 16,
        else => 24,
    };
}

/// Return whether a byte can be an opcode after `nearby`: not if the sign byte of the nearby target is 00 or ff as
/// well.
fn mayBeOpcode(nearby: u3, target: *const [4]u8) bool {
    return switch (nearby) {
        0 => true,
        1, 2, 4 => !isSign(target[3 - bitsAbove(nearby) / 8]),
        else => false,
    };
}

/// Return the relative target, sign-extended from 25 bits. `next` is the position of the next instruction.
fn relative(absolute: u32, next: u32, nearby: u3) u32 {
    var source = absolute;
    var result = source -% next;
    if (nearby != 0) {
        const above = bitsAbove(nearby);
        // the sign byte of the nearby target must not become 00 or ff, because the filter would have converted it again
        while (isSign(@truncate(result >> @intCast(24 - @as(u6, above))))) {
            source = result ^ ((@as(u32, 1) << @intCast(32 - @as(u6, above))) - 1);
            result = source -% next;
        }
    }
    const sign = @as(u32, 0) -% (result & 0x0100_0000);
    return (result & 0x01ff_ffff) | sign;
}
