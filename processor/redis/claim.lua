-- claim.lua - makes me the owner of a shard: from here on every save of an
-- older epoch is refused.
--
-- KEYS  shard     ARGV  layout, writer
-- Answer  all fields and values of the header, or an error that names the key.

local found = redis.call('TYPE', KEYS[1])['ok']
if found ~= 'none' and found ~= 'hash' then
    return redis.error_reply(
        'WRONGTYPE key ' .. KEYS[1] .. ' holds a ' .. found .. ' where a hash belongs')
end
local layout = redis.call('HGET', KEYS[1], 'layout')
if layout and layout ~= ARGV[1] then
    return redis.error_reply(
        'LAYOUT key ' .. KEYS[1] .. ' has layout ' .. layout .. ', we read ' .. ARGV[1])
end

local epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0') + 1
redis.call('HSET', KEYS[1], 'layout', ARGV[1], 'epoch', string.format('%.0f', epoch),
           'writer', ARGV[2])
return redis.call('HGETALL', KEYS[1])
