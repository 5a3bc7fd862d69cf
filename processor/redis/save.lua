-- save.lua - replaces one version of a shard by the next, all or nothing.
--
-- A script is atomic but not rolled back: so everything that can go wrong is
-- looked at before the first write, and the header, which makes the rest
-- count, is written last. The first write is the RPUSH: Redis refuses it, and
-- with it the whole script, when its memory is full.
--
-- KEYS  shard, log, parts..., views..., ranks...     all in one slot
-- ARGV  layout, epoch, writer, version, version - 1, oldest part version,
--       log element, #parts, #views, #ranks, #rank entries, #header fields,
--       header: field, value ...
--       parts:  header field that keeps its version, value ...
--       views:  number of fields and values (-1: delete), then these ...
--       rank entries: number of the rank, member, score ('' : remove) ...
-- Answer  {'OK'}, {'FENCED', stored epoch, version, writer}, {'BROKEN', sentence}
--
-- Epochs and versions are compared as text: Lua's numbers are doubles.

local UNPACK_MAX = 2000 -- unpack() fails at about 8,000 values

local shard_key, log_key = KEYS[1], KEYS[2]
local layout, epoch, writer = ARGV[1], ARGV[2], ARGV[3]
local version, version_before = ARGV[4], ARGV[5]
local oldest_part_version = tonumber(ARGV[6])
local part_count, view_count = tonumber(ARGV[8]), tonumber(ARGV[9])
local rank_count = tonumber(ARGV[10])
local entry_count, header_count = tonumber(ARGV[11]), tonumber(ARGV[12])
local first_part, first_view = 3, 3 + part_count
local first_rank = first_view + view_count

-- ---- checks: nothing is written here ------------------------------------

local function wrong_type(key, wanted)
    local found = redis.call('TYPE', key)['ok']
    if found == 'none' or found == wanted then
        return nil
    end
    local what = ' holds a ' .. found .. ' where a ' .. wanted .. ' belongs'
    return { 'BROKEN', 'key ' .. key .. what }
end

local function find_wrong_type()
    local wanted = { 'hash', 'list' }
    for i = 1, #KEYS do
        local kind = wanted[i]
        if i >= first_rank then
            kind = 'zset'
        elseif i >= first_view then
            kind = 'hash'
        elseif i >= first_part then
            kind = 'string'
        end
        local wrong = wrong_type(KEYS[i], kind)
        if wrong then
            return wrong
        end
    end
    return nil
end

-- A user who may do only half of what we are about to do must do nothing.
local function find_missing_right()
    if not redis.acl_check_cmd then
        return nil -- before Redis 7
    end
    local needed = {
        { 'RPUSH', log_key, '' },
        { 'LTRIM', log_key, '0', '-1' },
        { 'HSET', shard_key, 'f', 'v' },
    }
    if part_count > 0 then
        needed[#needed + 1] = { 'SET', KEYS[first_part], '' }
    end
    if view_count > 0 then
        needed[#needed + 1] = { 'HSET', KEYS[first_view], 'f', 'v' }
        needed[#needed + 1] = { 'DEL', KEYS[first_view] }
    end
    if rank_count > 0 then
        needed[#needed + 1] = { 'ZADD', KEYS[first_rank], '0', 'm' }
        needed[#needed + 1] = { 'ZREM', KEYS[first_rank], 'm' }
    end
    for _, command in ipairs(needed) do
        if not redis.acl_check_cmd(unpack(command)) then
            return redis.error_reply(
                'NOPERM this user may not run ' .. command[1] .. ' on ' .. command[2])
        end
    end
    return nil
end

local wrong = find_wrong_type() or find_missing_right()
if wrong then
    return wrong
end

local stored =
    redis.call('HMGET', shard_key, 'epoch', 'version', 'writer', 'log_first', 'layout')
local stored_epoch, stored_version = stored[1] or '0', stored[2] or '0'
local stored_writer, log_first = stored[3] or '', tonumber(stored[4] or '1')

if stored_epoch == epoch and stored_writer == writer and stored_version == version then
    return { 'OK' } -- done already; the answer was lost
end
if stored_epoch ~= epoch or stored_writer ~= writer or stored_version ~= version_before then
    return { 'FENCED', stored_epoch, stored_version, stored_writer }
end
if stored[5] and stored[5] ~= layout then
    local what = ' has layout ' .. stored[5] .. ', this program writes ' .. layout
    return { 'BROKEN', 'key ' .. shard_key .. what }
end
local log_size = tonumber(version_before) - log_first + 1
if redis.call('LLEN', log_key) ~= log_size then
    local what = 'but ' .. log_key .. ' is not of this version'
    return { 'FENCED', stored_epoch, stored_version, what }
end

-- ---- writes --------------------------------------------------------------

-- Calls command key with the values of ARGV from..to, some at a time.
local function call_in_runs(command, key, from, to)
    for first = from, to, UNPACK_MAX do
        redis.call(command, key, unpack(ARGV, first, math.min(first + UNPACK_MAX - 1, to)))
    end
end

redis.call('RPUSH', log_key, ARGV[7])

local at = 13
local first_header, last_header = at, at + 2 * header_count - 1
at = last_header + 1

local part_versions = {}
for i = 0, part_count - 1 do
    redis.call('SET', KEYS[first_part + i], ARGV[at + 1])
    part_versions[#part_versions + 1] = ARGV[at]
    at = at + 2
end

for i = 0, view_count - 1 do
    local count = tonumber(ARGV[at])
    redis.call('DEL', KEYS[first_view + i]) -- a view is replaced as a whole
    if count > 0 then
        call_in_runs('HSET', KEYS[first_view + i], at + 1, at + count)
        at = at + count
    end
    at = at + 1
end

local added, removed = {}, {}
for i = 1, rank_count do
    added[i], removed[i] = {}, {}
end

local function flush_rank(command, i, values)
    if #values[i] > 0 then
        redis.call(command, KEYS[first_rank + i - 1], unpack(values[i]))
        values[i] = {}
    end
end

for _ = 1, entry_count do
    local i, member, score = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2]
    at = at + 3
    if score == '' then
        local values = removed[i]
        values[#values + 1] = member
    else
        local values = added[i]
        values[#values + 1] = score
        values[#values + 1] = member
    end
    if #removed[i] >= UNPACK_MAX then
        flush_rank('ZREM', i, removed)
    end
    if #added[i] >= UNPACK_MAX then
        flush_rank('ZADD', i, added)
    end
end
for i = 1, rank_count do
    flush_rank('ZREM', i, removed)
    flush_rank('ZADD', i, added)
end

if oldest_part_version >= log_first then
    redis.call('LTRIM', log_key, oldest_part_version - log_first + 1, -1)
    log_first = oldest_part_version + 1
end

for _, field in ipairs(part_versions) do
    redis.call('HSET', shard_key, field, version)
end
call_in_runs('HSET', shard_key, first_header, last_header)
redis.call('HSET', shard_key, 'layout', layout, 'version', version,
           'log_first', string.format('%.0f', log_first))
return { 'OK' }
