--[[
Purpose: keeps what a surface was told.
Promise: nothing is written once the turn is another's: who was slow must not undo what the other did meanwhile.
KEYS[1] the turn (string: its owner)
KEYS[2] hash of what the surface was told
ARGV[1] owner
Further arguments: field, value, field, value.
Return: "written" or "other".
]]
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return 'other'
end
redis.call('HSET', KEYS[2], unpack(ARGV, 2))
return 'written'
