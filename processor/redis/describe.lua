-- describe.lua - writes once what a reader needs to find a seller, and refuses
-- to go on in a database that was written for other topics.
--
-- KEYS  meta     ARGV  field, value ...
-- Answer  {'OK'} or {'DIFFERS', field, stored, mine}

local found = redis.call('TYPE', KEYS[1])['ok']
if found ~= 'none' and found ~= 'hash' then
    return redis.error_reply(
        'WRONGTYPE key ' .. KEYS[1] .. ' holds a ' .. found .. ' where a hash belongs')
end
for i = 1, #ARGV, 2 do
    local stored = redis.call('HGET', KEYS[1], ARGV[i])
    if stored and stored ~= ARGV[i + 1] then
        return { 'DIFFERS', ARGV[i], stored, ARGV[i + 1] }
    end
end
redis.call('HSET', KEYS[1], unpack(ARGV))
return { 'OK' }
