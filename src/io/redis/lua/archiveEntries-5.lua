--[[
Purpose: takes the oldest entries out of the log, once they are in a file, and keeps the fold of them.
Promise: all of it in one step or nothing: the entries are gone, how far is known, the file is listed, and the fold up
  to there is kept; of other versions no fold is left, since it would not reach as far. Nothing happens unless the log
  is the one meant, the archives end where the caller says, and the last entry of the file is in the log.
KEYS[1] log stream
KEYS[2] id of the log
KEYS[3] archive hash: through, entries
KEYS[4] list of files, oldest first
KEYS[5] hash of folds: version -> fold
ARGV[1] id of the log that is meant
ARGV[2] where the archives end ("0" for none)
ARGV[3] where they end afterwards: last entry of the file
ARGV[4] the id that follows ARGV[3]
ARGV[5] what the list says of the file
ARGV[6] version of the fold
ARGV[7] the fold
Return: "done", or "moved".
]]
local through = redis.call('HGET', KEYS[3], 'through') or '0'
if redis.call('GET', KEYS[2]) ~= ARGV[1] or through ~= ARGV[2] then
  return 'moved'
end
if #redis.call('XRANGE', KEYS[1], ARGV[3], ARGV[3]) ~= 1 then
  return 'moved'
end
local removed = redis.call('XTRIM', KEYS[1], 'MINID', ARGV[4])
redis.call('HSET', KEYS[3], 'through', ARGV[3])
redis.call('HINCRBY', KEYS[3], 'entries', removed)
redis.call('RPUSH', KEYS[4], ARGV[5])
redis.call('DEL', KEYS[5])
redis.call('HSET', KEYS[5], ARGV[6], ARGV[7])
return 'done'
