--[[
Purpose: keeps the fold of the archived entries for one more version of telec.
Promise: kept only while the archives end where the fold does.
KEYS[1] archive hash: through, entries
KEYS[2] hash of folds: version -> fold
ARGV[1] where the fold ends
ARGV[2] version of the fold
ARGV[3] the fold
Return: "1" when kept, else "0".
]]
if redis.call('HGET', KEYS[1], 'through') ~= ARGV[1] then
  return '0'
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return '1'
